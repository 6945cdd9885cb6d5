"""Cursors that outlive the types that their prepared statements were planned with."""

from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg import errors
from psycopg.pq import TransactionStatus


class Replanning:
    """Plans anew, once, where the type of a column or parameter has been replaced.

    psycopg keeps statements prepared where OPTIONS has a `prepare_threshold`; PostgreSQL does not
    plan them anew by itself. Within a transaction nothing can be tried twice; with its end psycopg
    forgets the statements.
    """

    connection: Any

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        try:
            return super().execute(query, params, **options)
        except (errors.FeatureNotSupported, errors.InternalError_) as error:
            status = self.connection.info.transaction_status
            if not _is_outdated_plan(error) or status != TransactionStatus.IDLE:
                raise
        self.connection.execute("DEALLOCATE ALL")  # which psycopg notices
        return super().execute(query, params, **options)


def _is_outdated_plan(error: psycopg.Error) -> bool:
    """Messages may be translated, but not those of internal errors."""
    message = error.diag.message_primary or ""
    return error.diag.source_function == "RevalidateCachedQuery" or message.startswith(
        "cache lookup failed for type"
    )


class Cursor(Replanning, base.Cursor):
    pass


class ServerBindingCursor(Replanning, base.ServerBindingCursor):
    pass
