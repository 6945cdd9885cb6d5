"""The repairs of live partitions, which keep all rows.

A partition that cannot be altered is rebuilt. A DO block locks the partitioned table, and copies
the rows into a new partition.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from config.drift.difference import KIND_CODES, Drift, differing
from config.drift.repair.attributes import change_attribute
from config.drift.repair.partition_statements import (
    do_block,
    full_name,
    insert_select,
    quoted_partition,
    reattach,
    set_owner_like,
    writable_columns,
)
from config.drift.repair.phases import Phase, Statement, quoted_table
from config.drift.repair.removal import drop
from config.postgres import in_schema_of
from config.postgres.catalog import Catalog, Key, quote

REINDEXABLE = ({"valid"}, {"index valid"})
"""The sets of differing attributes that REINDEX repairs."""


def change_partition(drift: Drift, expected: Catalog, live: Catalog) -> Iterable[Statement]:
    """Return the statements that repair one attribute of a live partition."""
    key, attribute = drift.key, drift.attribute
    as_table = Key("table", "", full_name(key))
    if attribute == "name":
        sql = f"ALTER TABLE {quoted_partition(key)} RENAME TO {quote(str(drift.expected))};"
        return [Statement(Phase.FINISH, sql, rank=1)]
    if attribute == "schema":
        name = f"{quote(str(drift.found))}.{quote(key.name)}"
        sql = f"ALTER TABLE {name} SET SCHEMA {quote(str(drift.expected))};"
        # Statements for other partitions expect the default partition in the table's schema.
        return [Statement(Phase.FINISH, sql, rank=-1)]
    if attribute in ("attached", "partition bound"):
        return [reattach(key, expected, live)]
    if attribute == "kind":
        return [_rebuild(key, live)]
    if isinstance(drift.expected, Mapping) or isinstance(drift.found, Mapping):
        return _change_part(drift, as_table.name, live)
    return change_attribute(replace(drift, key=as_table))


def _change_part(drift: Drift, partition: str, live: Catalog) -> Iterator[Statement]:
    """Repair the part of the partition, such as a column or an index, that the attribute names."""
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
    elif found is not None and differing(wanted, found) in REINDEXABLE:
        yield Statement(Phase.INDEXES, f"REINDEX TABLE {quoted_table(partition)};")
    else:
        yield _rebuild(drift.key, live)


def _rebuild(key: Key, live: Catalog) -> Statement:
    """Return the statement that replaces the partition with a copy."""
    table, name = quoted_table(key.table), quoted_partition(key)
    old = quoted_table(in_schema_of(key.table, f"old_{key.name}"))
    columns = writable_columns(key.table, live)
    kind = "FOREIGN TABLE" if live[key].get("kind") == "foreign table" else "TABLE"
    return do_block(
        Phase.TABLES,
        [
            f"ALTER TABLE {table} DETACH PARTITION {name};",
            f"ALTER TABLE {name} RENAME TO {quote(f'old_{key.name}')};",
            f"CREATE TABLE {name} PARTITION OF {table} {live[key]['partition bound']};",
            set_owner_like(table, name),
            f"{insert_select(name, columns)} FROM {old};",
            f"DROP {kind} {old};",
        ],
    )
