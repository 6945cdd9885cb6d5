"""The replacement of a table by one that is divided into partitions, or divided otherwise.

It is done whole or not at all, and copies each row once under a lock on the table.
"""

from collections.abc import Iterable, Iterator

from config.drift.repair.attaching import block, columns_of, full_name, insert, owned_like
from config.drift.repair.removal import drop
from config.drift.repair.statements import Phase, Statement, relation
from config.drift.schemas import SEPARATOR
from config.postgres import in_schema_of
from config.postgres.catalog import Attributes, Catalog, Key, literal, quote


def is_divided_losslessly(expected: Attributes, found: Attributes) -> bool:
    """Return whether a table of this kind keeps its rows when it is divided."""
    kinds = ("table", "partitioned table")
    return bool(expected.get("partition key")) and found.get("kind") in kinds


def divide(key: Key, creation: Iterable[Statement], expected: Catalog, live: Catalog) -> Statement:
    """Return the statement that replaces a table by one with partitions, and keeps its rows."""
    bare = key.name.rpartition(SEPARATOR)[2]
    old, new = relation(in_schema_of(key.name, f"old_{bare}")), relation(key.name)
    columns = columns_of(key.name, {part: expected[part] for part in expected if part in live})
    statements = sorted(creation, key=lambda statement: statement.phase)
    lost = [part for part in live if part not in expected and part.table == key.name]
    return block(
        Phase.TABLES,
        [
            *_names_given_up(key, expected, live),
            f"ALTER TABLE {new} RENAME TO {quote(f'old_{bare}')};",
            *(item.sql for item in statements if item.phase <= Phase.TABLES),
            f"{insert(new, columns)} FROM {old};",
            *(item.sql for item in statements if item.phase > Phase.TABLES),
            *_sequences(key, expected),
            *(owned_like(old, name) for name in (new, *_partitions(key, expected))),
            *_grants(old, new),
            f"DROP TABLE {old};",
        ],
        destructive=any(part.kind == "column" for part in lost),
    )


def _names_given_up(key: Key, expected: Catalog, live: Catalog) -> Iterator[str]:
    """Yield the statements that free the names which parts of the new table will have."""
    for part in live:
        if part.table == key.name and part.kind == "partition":
            name = relation(full_name(part))
            yield f"ALTER TABLE {name} RENAME TO {quote(f'old_{part.name}')};"
        elif part.table == key.name and part.kind in ("primary key", "unique constraint", "index"):
            yield drop(part, expected, live).sql


def _partitions(key: Key, expected: Catalog) -> list[str]:
    """Return the partitions that the new table begins with."""
    parts = (part for part in expected if (part.kind, part.table) == ("partition", key.name))
    return [relation(full_name(part)) for part in parts]


def _sequences(key: Key, expected: Catalog) -> Iterator[str]:
    """Yield the statements that set the sequences behind the highest values."""
    for column in expected:
        if column.table == key.name and expected[column].get("identity"):
            highest, table = f"max({quote(column.name)})", relation(key.name)
            sequence = f"pg_get_serial_sequence({literal(table)}, {literal(column.name)})"
            yield f"PERFORM setval({sequence}, {highest}) FROM {table} HAVING {highest} > 0;"


def _grants(old: str, new: str) -> Iterator[str]:
    """Yield the statements that grant the privileges of the old table on the new one."""
    yield "EXECUTE coalesce((SELECT string_agg(format("
    yield f"  {literal(f'GRANT %s ON {new} TO %s;')}, privilege_type,"
    yield "  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END), '')"
    yield "  FROM pg_class, aclexplode(relacl)"
    yield f"  WHERE pg_class.oid = {literal(old)}::regclass), '');"
