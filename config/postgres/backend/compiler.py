"""Django's PostgreSQL compilers: enum and text parts of a query agree, and locks are explained."""

from typing import Any

from django.db import NotSupportedError
from django.db.backends.postgresql import compiler

from config.postgres.backend.expressions import agreed, agreed_queries
from config.postgres.citus import distribution_field

REFUSED_LOCK = "could not run distributed query with FOR UPDATE"
"""What Citus says about a query that locks rows and reads those of several servers."""


class EnumsAgree:
    """A mixin that adds casts to expressions and to the parts of a UNION."""

    def compile(self, node: Any) -> Any:
        return super().compile(agreed(node))

    def get_combinator_sql(self, combinator: str, all: bool) -> Any:
        self.query.combined_queries = agreed_queries(self.query.combined_queries)
        return super().get_combinator_sql(combinator, all)


class SQLCompiler(EnumsAgree, compiler.SQLCompiler):
    def execute_sql(self, *args: Any, **kwargs: Any) -> Any:
        """Run the query. Raise NotSupportedError that says what to do if Citus cannot lock rows."""
        try:
            return super().execute_sql(*args, **kwargs)
        except NotSupportedError as error:
            if REFUSED_LOCK not in str(error):
                raise
            raise NotSupportedError(_refused_lock(self.query.model)) from error


def _refused_lock(model: Any) -> str:
    table, field = model._meta.db_table, distribution_field(model)
    if field is None:
        return (
            f"Rows of {table} cannot be locked by a query that also reads a table whose rows are "
            "spread over the cluster. Read their keys first, and lock the rows by their keys."
        )
    return (
        f"Rows of {table} cannot be locked by a query that asks several servers of the cluster. "
        f"Add one value of {field.column} to its condition."
    )


class SQLInsertCompiler(EnumsAgree, compiler.SQLInsertCompiler):
    pass


class SQLDeleteCompiler(EnumsAgree, compiler.SQLDeleteCompiler):
    pass


class SQLUpdateCompiler(EnumsAgree, compiler.SQLUpdateCompiler):
    pass


class SQLAggregateCompiler(EnumsAgree, compiler.SQLAggregateCompiler):
    pass
