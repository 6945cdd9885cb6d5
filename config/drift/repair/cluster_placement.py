"""The SQL that distributes a table over a Citus cluster as its model declares."""

from collections.abc import Iterator

from config.drift.repair.creation import comment
from config.drift.repair.phases import Phase, Statement, is_on_cluster, table_pattern
from config.drift.repair.removal import recreate_mentioning
from config.postgres.catalog import Catalog, Key
from config.postgres.citus import (
    declared_layout,
    free,
    keep,
    layout_of,
    move,
    place,
    referred_table,
    take_back_alone,
)


def change_placement(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Yield the statements that give the table its declared placement."""
    declared = declared_layout()
    layout = layout_of(live)
    found, wanted = layout.get(key.name), declared[key.name]
    # A colocated table joins the first of the others, so correctly placed ones come first.
    others = {name: declared[name] for name in layout if layout[name] == declared.get(name)}
    others |= {name: declared[name] for name in layout if name in declared}
    if found and (sql := move(key.name, found, wanted, others)):
        yield Statement(Phase.MOVE, sql)  # a key needs the column by which the rows are spread
    else:
        if found:
            yield from _recreate_foreign_keys(key, expected, live)
            yield Statement(Phase.TAKE_BACK, take_back_alone(key.name))
        yield Statement(Phase.PLACEMENT, place(key.name, wanted, others))
        yield Statement(Phase.PLACEMENT, free(key.name))
    if not found or found.other or found.column != wanted.column or wanted.colocated:
        yield from _comments(key, expected)


def before_drop(key: Key, live: Catalog) -> Iterator[Statement]:
    """Yield the statement without which Citus may refuse to drop a foreign key of a local table."""
    is_local = key.kind == "foreign key" and not is_on_cluster(key.table, live)
    if is_local and is_on_cluster(referred_table(live[key]["definition"]), live):
        yield Statement(Phase.DROP_FOREIGN_KEYS, keep(key.table))


def _recreate_foreign_keys(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Recreate the foreign keys from and to the table, which cannot be undistributed with them."""
    yield from recreate_mentioning(r"^FOREIGN KEY", expected, live, key.name)
    yield from recreate_mentioning(rf"\bREFERENCES {table_pattern(key.name)}\(", expected, live)


def _comments(table: Key, expected: Catalog) -> Iterator[Statement]:
    """Set the comments of the table and its parts, which Citus loses when it converts a table."""
    for key in expected:
        if (key == table or key.table == table.name) and expected[key].get("comment"):
            yield comment(key, expected[key]["comment"])
