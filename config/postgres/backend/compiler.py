"""Django's PostgreSQL compilers, with casts between enum and text parts of a query."""

from typing import Any

from django.db.backends.postgresql import compiler

from config.postgres.backend.expressions import with_casts, with_casts_in_union


class EnumCasts:
    """A mixin that adds casts to expressions and to the parts of a UNION."""

    def compile(self, node: Any) -> Any:
        return super().compile(with_casts(node))

    def get_combinator_sql(self, combinator: str, all: bool) -> Any:
        self.query.combined_queries = with_casts_in_union(self.query.combined_queries)
        return super().get_combinator_sql(combinator, all)


class SQLCompiler(EnumCasts, compiler.SQLCompiler):
    pass


class SQLInsertCompiler(EnumCasts, compiler.SQLInsertCompiler):
    pass


class SQLDeleteCompiler(EnumCasts, compiler.SQLDeleteCompiler):
    pass


class SQLUpdateCompiler(EnumCasts, compiler.SQLUpdateCompiler):
    pass


class SQLAggregateCompiler(EnumCasts, compiler.SQLAggregateCompiler):
    pass
