"""The names that Django or PostgreSQL derives from a table and its columns."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from django.db.models import Model

type Kind = Literal["CONSTRAINT", "INDEX", "SEQUENCE"]

AUTO_FIELDS = ("AutoField", "BigAutoField", "SmallAutoField")
CHOSEN_BY_POSTGRESQL = ("seq", "not_null")
"""The suffixes of names that PostgreSQL chooses."""

PARTITION_NAMES = """
SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
 WHERE inhparent = to_regclass(%s) ORDER BY 1
"""
# A renaming is possible if the table has an object with the old name, and the new name is free.
POSSIBLE_RENAMINGS = """
WITH renamed AS (SELECT oid AS relation, relnamespace FROM pg_class WHERE oid = to_regclass(%s)),
     own (kind, name) AS (
         SELECT 'CONSTRAINT', conname FROM renamed JOIN pg_constraint ON conrelid = relation
          UNION ALL
         SELECT 'INDEX', relname FROM renamed JOIN pg_index ON indrelid = relation
           JOIN pg_class ON pg_class.oid = indexrelid
          UNION ALL
         SELECT 'SEQUENCE', relname FROM renamed JOIN pg_depend ON refobjid = relation
           JOIN pg_class ON pg_class.oid = objid AND relkind = 'S'
          WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass),
     taken (name) AS (
         SELECT name FROM own
          UNION ALL
         SELECT relname FROM renamed JOIN pg_class USING (relnamespace))
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) AS wanted (kind, old, new)
 WHERE (kind, old) IN (SELECT * FROM own) AND new NOT IN (SELECT * FROM taken)
"""


class DerivedName(NamedTuple):
    """The parts of a derived name, except the table."""

    kind: Kind
    columns: tuple[str, ...]
    suffix: str


class Renaming(NamedTuple):
    """The old and the new name of an object of a table."""

    kind: Kind
    old: str
    new: str


def derived_names(editor: Any, model: type[Model]) -> Iterator[DerivedName]:
    """Yield the derived names of the table of `model`."""
    options: Any = model._meta
    yield DerivedName("CONSTRAINT", (), "_pkey")
    for field in options.local_fields:
        if field.db_type(editor.connection) is not None:
            for kind, suffix in _derived_from_field(editor, model, field):
                yield DerivedName(kind, (field.column,), suffix)
    for names in options.unique_together:
        columns = tuple(options.get_field(name).column for name in names)
        yield DerivedName("CONSTRAINT", columns, "_uniq")


def _derived_from_field(editor: Any, model: type[Model], field: Any) -> Iterator[tuple[Kind, str]]:
    if field.unique and not field.primary_key:
        yield "CONSTRAINT", "_uniq"
    if field.db_index and not field.unique:
        yield "INDEX", "_idx"
    if editor._create_like_index_sql(model, field):
        yield "INDEX", "_like"
    if field.remote_field and field.db_constraint:
        yield "CONSTRAINT", "_fk"
    if field.db_parameters(editor.connection)["check"]:
        yield "CONSTRAINT", "_check"
    if field.get_internal_type() in AUTO_FIELDS:
        yield "SEQUENCE", "seq"
    # Since PostgreSQL 18, NOT NULL is a named constraint. While SQL is only collected, there may be
    # no connection, so the version is unknown.
    connection = editor.connection
    if not field.null and connection.connection and connection.pg_version >= 180000:
        yield "CONSTRAINT", "not_null"
