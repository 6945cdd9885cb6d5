"""The SQL that places tables on a cluster, moves them there, and takes them back."""

from config.postgres.catalog import literal, quote
from config.postgres.citus.layout import Layout, Placement

MODE = "citus.multi_shard_modify_mode"
# A statement on many shards, followed by a write to a table that they refer to, fails without it.
SEQUENTIAL = f"{MODE} = 'sequential'"
TRIGGERS_ALLOWED = "citus.enable_unsafe_triggers = on"
"""The setting without which Citus refuses all changes of triggers, DROP TRIGGER, too."""


def place(table: str, wanted: Placement, layout: Layout) -> str:
    """Return the statement that places a table which is on the coordinator.

    `layout` has the tables that are placed already. A colocated table joins the group of one of
    them, or begins it.
    """
    name = literal(quote(table))
    if not wanted.column:
        return f"SELECT create_reference_table({name});"
    column, companion = literal(wanted.column), _companion(table, wanted, layout)
    return f"SELECT create_distributed_table({name}, {column}, colocate_with => {companion});"


def free(table: str) -> str:
    """Return the statement that frees the space of the rows that a table had before it was placed.

    Citus keeps them on the coordinator, hidden, and checks each new constraint for them, too.
    """
    return f"SELECT truncate_local_data_after_distributing_table({literal(quote(table))});"


def move(table: str, found: Placement, wanted: Placement, layout: Layout) -> str | None:
    """Return the statement that moves a placed table, or None if it has to be taken back first.

    A table that joins others gets as many shards as they have.
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
    """Return the statement that takes back the table and all that foreign keys connect with it.

    It moves their rows to the coordinator.
    """
    name = literal(quote(table))
    return f"SELECT undistribute_table({name}, cascade_via_foreign_keys => true);"


def take_back_alone(table: str) -> str:
    """Return the statement that takes back a table without foreign keys from or to others."""
    return f"SELECT undistribute_table({literal(quote(table))});"


def keep(table: str) -> str:
    """Return the statement that lets Citus keep a local table which it manages for a foreign key.

    Otherwise it gives up the table with the key, and fails if the table has an identity column.
    """
    name = literal(quote(table))
    return f"SELECT citus_add_local_table_to_metadata({name}, cascade_via_foreign_keys => true);"


def _companion(table: str, wanted: Placement, layout: Layout) -> str:
    """Return the name of a table whose group the table joins, or 'none', as a literal."""
    others = (name for name, other in layout.items() if other.colocated and name != table)
    return literal(next((quote(name) for name in others if wanted.colocated), "none"))
