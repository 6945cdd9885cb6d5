"""Rows with valid values, derived from the catalog alone."""

from random import Random
from typing import Any, NamedTuple

from django.db import DatabaseError, connection, transaction

from tests.random_migrations.catalog import objects, quoted
from tests.support.migrations import run_sql


class Column(NamedTuple):
    name: str
    type: str
    """The type's name; for an array, that of its elements."""
    is_array: bool
    length: int
    """The greatest length of text; 0 for any."""
    labels: list[str] | None
    is_required: bool
    has_default: bool
    target: str | None
    """A query for the values that a foreign key may have; None without a foreign key."""


def fill(tables: list[tuple[str, str]], random: Random, first: int, *, all_labels: bool) -> None:
    """Insert three rows into each of the tables, given by schema and name.

    Skip a row that a constraint refuses. `first` is a number that no earlier row has. With
    `all_labels`, enum columns get any label, and otherwise only the first label.
    """
    for schema, name in _in_order(tables):
        columns = [Column(*row) for row in run_sql(COLUMNS.format(literal(quoted(schema, name))))]
        for number in range(first, first + 3):
            row = {
                column.name: value
                for column in columns
                if (value := _value(column, random, number, all_labels)) is not OMITTED
            }
            _insert(quoted(schema, name), row)


OMITTED = object()


def _insert(table: str, row: dict[str, Any]) -> None:
    names = ", ".join(quoted(name).replace("%", "%%") for name in row)
    places = ", ".join(["%s"] * len(row))
    values = f"({names}) VALUES ({places})" if row else "DEFAULT VALUES"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table.replace('%', '%%')} {values}", list(row.values()))
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except DatabaseError:
        return


def _value(column: Column, random: Random, number: int, all_labels: bool) -> Any:
    if column.target:
        return _reference(column, random)
    if not column.is_required and random.random() < 0.3:
        return None
    if column.has_default and random.random() < 0.4:
        return OMITTED
    value = _literal(column, random, number, all_labels)
    return f"{{{_element(value)}}}" if column.is_array else value


def _element(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _reference(column: Column, random: Random) -> Any:
    found = [value for (value,) in run_sql(column.target or "")]
    if not found or (not column.is_required and random.random() < 0.2):
        return None
    return random.choice(found)


def _literal(column: Column, random: Random, number: int, all_labels: bool) -> str:
    """Return a value of the column's type, as text."""
    if column.labels:
        return random.choice(column.labels) if all_labels else column.labels[0]
    value = VALUES.get(column.type, "{0}").format(
        number, digest=f"{number:032x}", day=number % 28 + 1
    )
    if column.type in ("varchar", "text", "bpchar"):
        value += random.choice(["", " 5%", "\ttab\\", " 'ü'", ' "\n'])
        return value[: column.length] if column.length else value
    return value


VALUES = {
    "text": "v{0}",
    "varchar": "v{0}",
    "bool": "true",
    "date": "2026-01-{day:02}",
    "timestamptz": "2026-01-{day:02} 10:00+00",
    "time": "10:{day:02}",
    "interval": "{0} seconds",
    "uuid": "{digest}",
    "jsonb": '{{"n": {0}}}',
    "bytea": "\\x{digest}",
    "inet": "10.0.0.{day}",
    "numeric": "{0}.25",
}


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _in_order(tables: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the tables in an order in which most foreign keys refer to earlier tables."""
    keys = run_sql(
        """
        SELECT n.nspname, c.relname, m.nspname, d.relname
          FROM pg_constraint JOIN pg_class AS c ON c.oid = conrelid
          JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_class AS d ON d.oid = confrelid
          JOIN pg_namespace AS m ON m.oid = d.relnamespace
         WHERE contype = 'f' AND conrelid <> confrelid
        """
    )
    order: list[tuple[str, str]] = []
    waiting = list(tables)
    while waiting:
        blocked = {(a, b) for a, b, c, d in keys if (c, d) in waiting}
        free = [table for table in waiting if table not in blocked] or waiting[:1]
        order += free
        waiting = [table for table in waiting if table not in free]
    return order


def tables_not_in(base: set[tuple[str, int, int]]) -> list[tuple[str, str]]:
    """Return the schema and name of each table that is not in `base`, sorted."""
    return sorted(
        (each.schema, each.name)
        for each in objects()
        if each.kind == "table" and each.identity not in base
    )


COLUMNS = """
    SELECT attname, coalesce(e.typname, t.typname), e.oid IS NOT NULL,
           CASE WHEN t.typname IN ('varchar', 'bpchar') THEN greatest(atttypmod - 4, 0) ELSE 0 END,
           (SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum
             WHERE enumtypid = coalesce(e.oid, t.oid)),
           attnotnull, atthasdef OR attidentity <> '',
           (SELECT format('SELECT %I FROM %s LIMIT 50', r.attname, confrelid::regclass)
              FROM pg_constraint JOIN pg_attribute AS r
                ON r.attrelid = confrelid AND r.attnum = confkey[1]
             WHERE contype = 'f' AND conrelid = a.attrelid AND conkey[1] = a.attnum LIMIT 1)
      FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = atttypid
      LEFT JOIN pg_type AS e ON e.oid = t.typelem AND t.typcategory = 'A'
     WHERE attrelid = {}::regclass AND attnum > 0 AND NOT attisdropped
       AND attgenerated = '' AND attidentity = ''
     ORDER BY attnum
"""
