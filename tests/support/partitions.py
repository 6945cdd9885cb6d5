"""The parents of partitions and of their indexes, for tests that name only whole tables."""

from tests.support.migrations import run_sql


def read_parents() -> dict[str, str]:
    """Return the parent of each partition, and of each index of a partition, by name."""
    return dict(
        run_sql("SELECT inhrelid::regclass::text, inhparent::regclass::text FROM pg_inherits")
    )
