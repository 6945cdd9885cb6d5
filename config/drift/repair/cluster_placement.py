"""The SQL that distributes a table over a Citus cluster as its model declares."""

from collections.abc import Iterator
from dataclasses import replace

from config.drift.repair.creation import comment
from config.drift.repair.phases import Phase, Statement, is_on_cluster, table_pattern
from config.drift.repair.removal import drop, recreate_mentioning
from config.postgres.catalog import Catalog, Key
from config.postgres.citus import (
    declared_layout,
    free,
    layout_of,
    move,
    place,
    referred_table,
    release,
    take_back_alone,
)


def change_placement(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Yield the statements that give the table its declared placement."""
    declared = declared_layout()
    layout = layout_of(live)
    found, wanted = layout.get(key.name), declared[key.name]
    # A colocated table joins the first table of `others`, so correctly placed tables come first.
    others = {name: declared[name] for name in layout if layout[name] == declared.get(name)}
    others |= {name: declared[name] for name in layout if name in declared}
    if found and (sql := move(key.name, found, wanted, others)):
        yield Statement(Phase.MOVE, sql)  # before the keys, which need the distribution column
    else:
        if found:
            yield from _recreate_foreign_keys(key, expected, live)
            yield Statement(Phase.TAKE_BACK, take_back_alone(key.name))
        yield Statement(Phase.PLACEMENT, place(key.name, wanted, others))
        yield Statement(Phase.PLACEMENT, free(key.name))
    if not found or found.other or found.column != wanted.column or wanted.colocated:
        yield from _comments(key, expected)


def drop_on_cluster(key: Key, expected: Catalog, live: Catalog) -> Statement:
    """Return the statement that drops an object.

    A foreign key from a local table to a distributed table is dropped with release().
    """
    statement = drop(key, expected, live)
    is_local = key.kind == "foreign key" and not is_on_cluster(key.table, live)
    if is_local and is_on_cluster(referred_table(live[key]["definition"]), live):
        return replace(statement, sql=release(statement.sql))
    return statement


def _recreate_foreign_keys(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Recreate the foreign keys from and to the table, because they prevent undistributing it."""
    yield from recreate_mentioning(r"^FOREIGN KEY", expected, live, key.name)
    yield from recreate_mentioning(rf"\bREFERENCES {table_pattern(key.name)}\(", expected, live)


def _comments(table: Key, expected: Catalog) -> Iterator[Statement]:
    """Set the comments of the table and its parts, because Citus loses them in a conversion."""
    for key in expected:
        if (key == table or key.table == table.name) and expected[key].get("comment"):
            yield comment(key, expected[key]["comment"])
