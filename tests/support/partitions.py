"""The parents of partitions and of their indexes, for tests that expect whole tables."""

from django.db import connection


def read_parents() -> dict[str, str]:
    """Return the name of the parent for the name of each partition and of each of its indexes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text, inhparent::regclass::text FROM pg_inherits"
        )
        return dict(cursor.fetchall())
