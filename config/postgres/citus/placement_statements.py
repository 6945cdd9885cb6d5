"""The SQL that distributes tables over a cluster, moves them, and takes them back."""

from config.postgres.catalog import literal, quote
from config.postgres.citus.layout import Layout, Placement

MODE = "citus.multi_shard_modify_mode"
# Without this setting, a transaction cannot change several shards and then the reference table to
# which these shards refer.
SEQUENTIAL = f"{MODE} = 'sequential'"
TRIGGERS_ALLOWED = "citus.enable_unsafe_triggers = on"
"""The setting that allows changes of triggers. Otherwise Citus refuses even DROP TRIGGER."""


def place(table: str, wanted: Placement, layout: Layout) -> str:
    """Return the statement that distributes a table of the coordinator.

    `layout` has the tables that are already distributed. A colocated table joins the colocation
    group of these tables, or is the first of the group.
    """
    name = literal(quote(table))
    if not wanted.column:
        return f"SELECT create_reference_table({name});"
    column, companion = literal(wanted.column), _companion(table, wanted, layout)
    return f"SELECT create_distributed_table({name}, {column}, colocate_with => {companion});"


def free(table: str) -> str:
    """Return the statement that deletes the old rows of a distributed table on the coordinator.

    Citus hides these rows, but checks each new constraint against them.
    """
    return f"SELECT truncate_local_data_after_distributing_table({literal(quote(table))});"


def move(table: str, found: Placement, wanted: Placement, layout: Layout) -> str | None:
    """Return the statement that moves a distributed table, or None if take_back() must run first.

    A table that joins a colocation group gets the number of shards of the group.
    """
    name = literal(quote(table))
    if not (found.column and wanted.column):
        return None
    companion = _companion(table, wanted, layout)
    if found.column == wanted.column and not wanted.colocated:
        return f"SELECT update_distributed_table_colocation({name}, colocate_with => {companion});"
    column = literal(wanted.column)
    return (
        f"SELECT alter_distributed_table({name}, distribution_column => {column}, "
        f"colocate_with => {companion});"
    )


def take_back(table: str) -> str:
    """Return the statement that moves the table back to the coordinator.

    The statement also moves all tables that foreign keys connect with the table.
    """
    name = literal(quote(table))
    return f"SELECT undistribute_table({name}, cascade_via_foreign_keys => true);"


def take_back_alone(table: str) -> str:
    """Return the statement that moves a table without foreign keys back to the coordinator."""
    return f"SELECT undistribute_table({literal(quote(table))});"


def _companion(table: str, wanted: Placement, layout: Layout) -> str:
    """Return, as a literal, a table whose colocation group the table joins, or 'none'."""
    others = [name for name, other in layout.items() if other.colocated and name != table]
    return literal(quote(others[0]) if wanted.colocated and others else "none")
