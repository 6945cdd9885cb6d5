"""The shortening of names that are too long for PostgreSQL."""

from django.db.backends.utils import names_digest

MAX_BYTES = 63  # NAMEDATALEN - 1: postgresql.org/docs/current/limits.html
HASH_LENGTH = 4  # as in Django's truncate_name()


def shortened(name: str, max_bytes: int = MAX_BYTES) -> str:
    """Return `name`, or its start and a hash if `name` has more than `max_bytes` bytes."""
    encoded = name.encode()
    if len(encoded) <= max_bytes:
        return name
    start = encoded[: max_bytes - HASH_LENGTH].decode(errors="ignore")
    return start + names_digest(name, length=HASH_LENGTH)


def chosen_by_postgresql(table: str, column: str, label: str) -> str:
    """Return the name that PostgreSQL chooses for an object of a column, such as a sequence.

    Like PostgreSQL's makeObjectName(), shorten the longer of `table` and `column` if necessary.
    """
    parts = [table.encode(), column.encode()]
    while sum(map(len, parts)) + len(label.encode()) + 2 > MAX_BYTES:
        longer = 0 if len(parts[0]) > len(parts[1]) else 1
        parts[longer] = parts[longer][:-1]
    return "_".join([*(part.decode(errors="ignore") for part in parts), label])
