"""Django's PostgreSQL compilers, with casts where enum and text parts of a query meet."""

from typing import Any

from django.db.backends.postgresql import compiler

from config.postgres.backend.expressions import agreed, agreed_queries


class EnumsAgree:
    """A mixin that adds casts to expressions and to the parts of a UNION."""

    def compile(self, node: Any) -> Any:
        return super().compile(agreed(node))

    def get_combinator_sql(self, combinator: str, all: bool) -> Any:
        self.query.combined_queries = agreed_queries(self.query.combined_queries)
        return super().get_combinator_sql(combinator, all)


class SQLCompiler(EnumsAgree, compiler.SQLCompiler):
    pass


class SQLInsertCompiler(EnumsAgree, compiler.SQLInsertCompiler):
    pass


class SQLDeleteCompiler(EnumsAgree, compiler.SQLDeleteCompiler):
    pass


class SQLUpdateCompiler(EnumsAgree, compiler.SQLUpdateCompiler):
    pass


class SQLAggregateCompiler(EnumsAgree, compiler.SQLAggregateCompiler):
    pass
