"""Arrays of enum types, whose oids psycopg does not know by itself."""

from typing import Any

from psycopg.types import TypeInfo

ENUM_TYPES = "SELECT typname, oid, typarray FROM pg_type WHERE typtype = 'e'"


def register_enum_arrays(connection: Any) -> None:
    """Teach a psycopg connection the enum types of its database, so that it reads their arrays.

    The types' oids belong to one database and change with DROP and CREATE, hence once for each
    connection rather than once for all.
    """
    with connection.cursor() as cursor:
        for name, oid, array_oid in cursor.execute(ENUM_TYPES).fetchall():
            TypeInfo(name, oid, array_oid).register(connection)
