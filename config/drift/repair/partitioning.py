"""The replacement of a table with a partitioned table that has the same rows.

A DO block locks the table, and copies each row once.
"""

from collections.abc import Iterable, Iterator

from config.drift.difference import parts_of
from config.drift.other_schemas import SEPARATOR
from config.drift.repair.partition_statements import (
    do_block,
    insert_select,
    quoted_partition,
    set_owner_like,
    set_sequence,
    writable_columns,
)
from config.drift.repair.phases import Phase, Statement, quoted_table
from config.drift.repair.removal import drop
from config.postgres import in_schema_of
from config.postgres.catalog import Attributes, Catalog, Key, literal, quote


def keeps_rows_when_partitioned(expected: Attributes, found: Attributes) -> bool:
    """Return whether a partitioned table with the same rows can replace the live table."""
    kinds = ("table", "partitioned table")
    return bool(expected.get("partition key")) and found.get("kind") in kinds


def replace_with_partitioned(
    key: Key, creation: Iterable[Statement], expected: Catalog, live: Catalog
) -> Statement:
    """Return the statement that replaces the live table with the expected one and keeps its rows.

    The statement is destructive if the expected table lacks a live column.
    """
    bare = key.name.rpartition(SEPARATOR)[2]
    old, new = quoted_table(in_schema_of(key.name, f"old_{bare}")), quoted_table(key.name)
    columns = writable_columns(
        key.name, {part: expected[part] for part in expected if part in live}
    )
    statements = sorted(creation, key=lambda statement: statement.phase)
    partitions = map(quoted_partition, parts_of(key.name, "partition", expected))
    return do_block(
        Phase.TABLES,
        [
            *_free_names(key, expected, live),
            f"ALTER TABLE {new} RENAME TO {quote(f'old_{bare}')};",
            *(item.sql for item in statements if item.phase <= Phase.TABLES),
            f"{insert_select(new, columns)} FROM {old};",
            *(item.sql for item in statements if item.phase > Phase.TABLES),
            *_set_sequences(key, expected),
            *(set_owner_like(old, name) for name in (new, *partitions)),
            *_copy_privileges(old, new),
            f"DROP TABLE {old};",
        ],
        destructive=any(part not in expected for part in parts_of(key.name, "column", live)),
    )


def _free_names(key: Key, expected: Catalog, live: Catalog) -> Iterator[str]:
    """Yield statements that rename or drop parts of the old table, to free their names."""
    for part in live:
        if part.table == key.name and part.kind == "partition":
            yield f"ALTER TABLE {quoted_partition(part)} RENAME TO {quote(f'old_{part.name}')};"
        elif part.table == key.name and part.kind in ("primary key", "unique constraint", "index"):
            yield drop(part, expected, live).sql


def _set_sequences(key: Key, expected: Catalog) -> Iterator[str]:
    for column in expected:
        if column.table == key.name and expected[column].get("identity"):
            yield f"PERFORM {set_sequence(column)}"


def _copy_privileges(old: str, new: str) -> Iterator[str]:
    """Yield the lines of a statement that grants the old table's privileges on the new table."""
    yield "EXECUTE coalesce((SELECT string_agg(format("
    yield f"  {literal(f'GRANT %s ON {new} TO %s;')}, privilege_type,"
    yield "  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END), '')"
    yield "  FROM pg_class, aclexplode(relacl)"
    yield f"  WHERE pg_class.oid = {literal(old)}::regclass), '');"
