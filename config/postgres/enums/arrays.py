"""Enum types on connections that were opened before the type was made, or made anew."""

from typing import Any

from psycopg.adapt import Transformer
from psycopg.pq import Format
from psycopg.types import TypeInfo

ENUM_TYPES = "SELECT typname, oid, typarray FROM pg_type WHERE typtype = 'e'"
TEXT_ARRAY = 1009
"""The oid of text[], which is the same everywhere."""


def register_enum_arrays(connection: Any) -> None:
    """Teach a psycopg connection the enum types of its database, so that it reads their arrays.

    The types' oids belong to one database and change with DROP and CREATE, hence once for each
    connection rather than once for all.
    """
    with connection.cursor() as cursor:
        for name, oid, array_oid in cursor.execute(ENUM_TYPES).fetchall():
            TypeInfo(name, oid, array_oid).register(connection)


def parse_array(text: str) -> list[Any]:
    """PostgreSQL's text of an array, of whatever type, as a list of texts."""
    labels: list[Any] = Transformer().get_loader(TEXT_ARRAY, Format.TEXT).load(text.encode())
    return labels


def read_unknown_array(value: Any, *_: Any) -> Any:
    """As a list what came as text, because the type is newer than the connection."""
    return parse_array(value) if isinstance(value, str) else value
