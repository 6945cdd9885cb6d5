"""SQL functions that the models use as column defaults."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, Func, functions
from django.db.models.sql.compiler import SQLCompiler


class UUID7(functions.UUID7):
    """A version 7 UUID (RFC 9562), which sorts by time of creation.

    PostgreSQL 18 has `uuidv7()`. For earlier versions, an expression computes the same layout: 48
    bits of Unix milliseconds, the version, 12 bits of the millisecond's fraction (RFC 9562,
    section 6.2, method 3), and the random tail of `gen_random_uuid()`.
    """

    inline_sql = (
        "(overlay(lpad(to_hex((extract(epoch from clock_timestamp()) * 4096000)::bigint), 15, '0')"
        " placing '7' from 13 for 0) || substr(gen_random_uuid()::text, 20))::uuid"
    )

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra_context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        if connection.features.supports_uuid7_function:
            return self.as_sql(compiler, connection, **extra_context)
        return self.inline_sql, ()


class Now(Func):
    """`now()`, the time at which the transaction began.

    Django's `Now` is the time of the statement, which may be later.
    """

    function = "now"
    arity = 0
    output_field = DateTimeField()
