"""The names of partitions and their indexes, for tests that expect those of whole tables."""

from django.db import connection


def read_parents() -> dict[str, str]:
    """Return the names of all partitions and of their indexes, with those of their parents."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text, inhparent::regclass::text FROM pg_inherits"
        )
        return dict(cursor.fetchall())
