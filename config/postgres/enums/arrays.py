"""Arrays of enum types, which psycopg can read only after the types are registered."""

from typing import Any

from psycopg.adapt import Transformer
from psycopg.pq import Format
from psycopg.types import TypeInfo

ENUM_TYPES = "SELECT typname, oid, typarray FROM pg_type WHERE typtype = 'e'"
TEXT_ARRAY = 1009
"""The oid of text[], which is the same in every database."""


def register_enum_arrays(connection: Any) -> None:
    """Register the enum types of the database with a psycopg connection.

    This is needed for each connection, because oids differ between databases, and change if a type
    is created again.
    """
    with connection.cursor() as cursor:
        for name, oid, array_oid in cursor.execute(ENUM_TYPES).fetchall():
            TypeInfo(name, oid, array_oid).register(connection)


def parse_array(text: str) -> list[Any]:
    """Return the elements of an array that PostgreSQL has printed, as strings."""
    labels: list[Any] = Transformer().get_loader(TEXT_ARRAY, Format.TEXT).load(text.encode())
    return labels


def read_unknown_array(value: Any, *_: Any) -> Any:
    """Return the elements of `value`. An array of an unregistered type is read as a string."""
    return parse_array(value) if isinstance(value, str) else value
