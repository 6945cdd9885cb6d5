"""The repairs of live partitions. None of them loses a row.

A block is done whole or not at all. One that copies rows writes each of them, and their indexes,
once more, under a lock on the whole table.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from config.drift.difference import KIND_CODES, Drift, differing
from config.drift.repair.attaching import (
    attach_again,
    block,
    columns_of,
    full_name,
    insert,
    owned_like,
)
from config.drift.repair.attributes import change_attribute
from config.drift.repair.removal import drop
from config.drift.repair.statements import Phase, Statement, relation
from config.postgres import in_schema_of
from config.postgres.catalog import Catalog, Key, quote

REBUILT = ({"valid"}, {"index valid"})
"""What REINDEX repairs."""


def change_partition(drift: Drift, expected: Catalog, live: Catalog) -> Iterable[Statement]:
    """Return the statements that repair one attribute of a live partition."""
    key, attribute = drift.key, drift.attribute
    as_table = Key("table", "", full_name(key))
    if attribute == "name":
        sql = f"ALTER TABLE {relation(as_table.name)} RENAME TO {quote(str(drift.expected))};"
        return [Statement(Phase.FINISH, sql, rank=1)]
    if attribute == "schema":
        name = f"{quote(str(drift.found))}.{quote(key.name)}"
        sql = f"ALTER TABLE {name} SET SCHEMA {quote(str(drift.expected))};"
        # Statements about other partitions name the default one in the schema of the table.
        return [Statement(Phase.FINISH, sql, rank=-1)]
    if attribute in ("attached", "partition bound"):
        return [attach_again(key, expected, live)]
    if attribute == "kind":
        return [_remake(key, live)]
    if isinstance(drift.expected, Mapping) or isinstance(drift.found, Mapping):
        return _change_part(drift, as_table.name, live)
    return change_attribute(replace(drift, key=as_table))


def _change_part(drift: Drift, partition: str, live: Catalog) -> Iterator[Statement]:
    """Yield the statements that repair a part of the partition, which its attribute names."""
    wanted: Any = drift.expected
    found: Any = drift.found
    kind = next(kind for kind in KIND_CODES if drift.attribute.startswith(f"{kind} "))
    part = Key(kind, partition, drift.attribute.removeprefix(f"{kind} "))
    if wanted is None:
        yield drop(part, {}, {part: found})
    elif found is not None and kind == "column":
        for name in sorted(differing(wanted, found)):
            yield from change_attribute(
                Drift(part, "different", name, wanted.get(name), found.get(name))
            )
    elif found is not None and differing(wanted, found) in REBUILT:
        yield Statement(Phase.INDEXES, f"REINDEX TABLE {relation(partition)};")
    else:
        yield _remake(drift.key, live)


def _remake(key: Key, live: Catalog) -> Statement:
    """Replace the partition by a fresh one with its rows."""
    table, name = relation(key.table), relation(full_name(key))
    old = relation(in_schema_of(key.table, f"old_{key.name}"))
    columns = columns_of(key.table, live)
    kind = "FOREIGN TABLE" if live[key].get("kind") == "foreign table" else "TABLE"
    return block(
        Phase.TABLES,
        [
            f"ALTER TABLE {table} DETACH PARTITION {name};",
            f"ALTER TABLE {name} RENAME TO {quote(f'old_{key.name}')};",
            f"CREATE TABLE {name} PARTITION OF {table} {live[key]['partition bound']};",
            owned_like(table, name),
            f"{insert(name, columns)} FROM {old};",
            f"DROP {kind} {old};",
        ],
    )
