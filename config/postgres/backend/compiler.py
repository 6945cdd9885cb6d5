"""Django's PostgreSQL compilers, with enum casts and advice for queries that Citus refuses."""

from typing import Any

from django.db import NotSupportedError
from django.db.backends.postgresql import compiler

from config.postgres.backend.expressions import with_casts, with_casts_in_union
from config.postgres.citus import distribution_field

REFUSED_LOCK = "could not run distributed query with FOR UPDATE"
"""The error of Citus for a query that locks rows and reads rows of several servers."""

REFUSED_SUBQUERY = (
    "correlated subqueries are not supported when the FROM clause contains a reference"
)
"""The error of Citus for Exists() or OuterRef() over rows of several servers."""


class EnumCasts:
    """A mixin that adds casts to expressions and to the parts of a UNION."""

    def compile(self, node: Any) -> Any:
        return super().compile(with_casts(node))

    def get_combinator_sql(self, combinator: str, all: bool) -> Any:
        self.query.combined_queries = with_casts_in_union(self.query.combined_queries)
        return super().get_combinator_sql(combinator, all)


class SQLCompiler(EnumCasts, compiler.SQLCompiler):
    def execute_sql(self, *args: Any, **kwargs: Any) -> Any:
        """Run the query. If Citus refuses it, raise NotSupportedError with advice."""
        try:
            return super().execute_sql(*args, **kwargs)
        except NotSupportedError as error:
            if REFUSED_LOCK in str(error):
                raise NotSupportedError(_refused_lock(self.query.model)) from error
            if REFUSED_SUBQUERY in str(error):
                raise NotSupportedError(_refused_subquery(self.query.model)) from error
            raise


def _refused_lock(model: Any) -> str:
    table, field = model._meta.db_table, distribution_field(model)
    if field is None:
        return (
            f"Rows of {table} cannot be locked by a query that also reads a table whose rows are "
            "distributed over the cluster. Read the keys of the rows first, and lock the rows by "
            "key."
        )
    return (
        f"Rows of {table} cannot be locked by a query that reads several servers of the cluster. "
        f"Filter the query by one value of {field.column}."
    )


def _refused_subquery(model: Any) -> str:
    return (
        f"Exists() and OuterRef() cannot compare rows of {model._meta.db_table} with rows that are "
        "distributed over the cluster. Use pk__in with a subquery without OuterRef() instead."
    )


class SQLInsertCompiler(EnumCasts, compiler.SQLInsertCompiler):
    pass


class SQLDeleteCompiler(EnumCasts, compiler.SQLDeleteCompiler):
    pass


class SQLUpdateCompiler(EnumCasts, compiler.SQLUpdateCompiler):
    pass


class SQLAggregateCompiler(EnumCasts, compiler.SQLAggregateCompiler):
    pass
