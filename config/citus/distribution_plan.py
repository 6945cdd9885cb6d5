"""The plan of a distribution, read from the catalog of the database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

from config.citus.partitioned import keys_to_drop
from config.postgres import read_rows
from config.postgres.catalog import Catalog, Key, Schema, quote, read_catalog, read_schema
from config.postgres.citus import (
    Layout,
    Placement,
    declared_layout,
    on_cluster,
    read_layout,
    read_managed,
    referred_table,
    release,
)

SIZES = """
SELECT c.relname, sum(CASE WHEN p.logicalrelid IS NULL THEN pg_total_relation_size(part.oid)
                           ELSE citus_total_relation_size(part.oid, fail_on_error => false) END)
  FROM pg_class AS c
 CROSS JOIN LATERAL (SELECT c.oid UNION SELECT relid FROM pg_partition_tree(c.oid)) AS part
  LEFT JOIN pg_dist_partition AS p ON p.logicalrelid = part.oid
 WHERE c.relnamespace = %s AND c.relname = ANY (%s)
 GROUP BY c.relname
"""

SETTING = """
SELECT EXISTS (SELECT FROM pg_db_role_setting JOIN pg_database ON oid = setdatabase
                WHERE datname = current_database()
                  AND 'citus.multi_shard_modify_mode=sequential' = ANY (setconfig))
"""
MANAGED = Placement(other="on the coordinator, managed by Citus")


@dataclass(frozen=True)
class Amount:
    """The number of rows of a table, and its size with its indexes."""

    rows: int
    bytes: int


@dataclass(frozen=True)
class DistributionPlan:
    """The tables and keys that are left to change."""

    schema: Schema
    layout: Layout
    """The tables to place. Each follows the tables to which its foreign keys refer."""
    keys: Mapping[Key, tuple[str, str]]
    """The keys that change, with their old and new definitions. '' is for a dropped key."""
    amounts: Mapping[str, Amount]
    is_set: bool = True
    """True if the database has the setting that sessions need."""
    dropped: Sequence[Key] = ()
    """The foreign keys that are dropped while tables are placed."""

    @property
    def is_empty(self) -> bool:
        return not (self.layout or self.keys) and self.is_set

    @property
    def lost(self) -> list[Key]:
        """The foreign keys that Citus cannot keep."""
        return [key for key, (_, after) in self.keys.items() if not after]


def read_plan(connection: BaseDatabaseWrapper) -> DistributionPlan:
    """Return the plan. Raise CommandError if a declared table is missing."""
    schema = read_schema(connection)
    catalog, declared = read_catalog(connection, schema.oid), declared_layout()
    for table in declared:
        if Key("table", "", table) not in catalog:
            raise CommandError(f"Table {table} is missing. Run manage.py migrate first.")
    placed = read_layout(connection, schema)
    _check_placed(placed, declared)
    left = {name: declared[name] for name in _in_order(catalog, declared) if name not in placed}
    keys = dict(_changed_keys(catalog, on_cluster(catalog, declared)))
    amounts = read_amounts(connection, schema, list(left))
    dropped = keys_to_drop(catalog, left)
    return DistributionPlan(schema, left, keys, amounts, _is_set(connection), dropped)


def _is_set(connection: BaseDatabaseWrapper) -> bool:
    [(is_set,)] = read_rows(connection, SETTING)
    return bool(is_set)


def read_placed(connection: BaseDatabaseWrapper) -> DistributionPlan:
    """Return the placed tables as a plan to take them back."""
    schema = read_schema(connection)
    layout = read_layout_to_undo(connection, schema)
    return DistributionPlan(schema, layout, {}, read_amounts(connection, schema, list(layout)))


def read_layout_to_undo(connection: BaseDatabaseWrapper, schema: Schema) -> Layout:
    """Return the placements of the tables that can be taken back.

    Local tables that Citus manages come first, because Citus may refuse a table that precedes them.
    """
    placed = read_layout(connection, schema)
    layout = dict.fromkeys(read_managed(connection, schema), MANAGED)
    return layout | {name: placed[name] for name in declared_layout() if name in placed}


def _check_placed(placed: Layout, declared: Layout) -> None:
    """Raise CommandError if a table is distributed in another way than its model declares."""
    for name, placement in placed.items():
        wanted = declared.get(name, placement)
        if (placement.column, placement.other) != (wanted.column, wanted.other):
            raise CommandError(
                f"Table {name} is {placement}, but its model declares that it is {wanted}. "
                "Nothing was changed. First run the statements that manage.py verify_schema --sql "
                "prints, or manage.py distribute --undo."
            )


def _in_order(catalog: Catalog, declared: Layout) -> list[str]:
    """Return the declared tables, reference tables first, in the order of their foreign keys."""
    graph: TopologicalSorter[str] = TopologicalSorter()
    for name in sorted(declared, key=lambda name: declared[name].column != ""):
        graph.add(name)
    for key in catalog:
        if key.kind == "foreign key" and key.table in declared:
            referred = referred_table(catalog[key]["definition"])
            if referred in declared and referred != key.table:
                graph.add(key.table, referred)
    try:
        return sorted(graph.static_order(), key=lambda name: declared[name].column != "")
    except CycleError as error:
        cycle = " and ".join(dict.fromkeys(error.args[1]))
        raise CommandError(
            f"Tables {cycle} refer to each other, so neither can be placed first. Nothing was "
            "changed. Leave one of them without a distribution."
        ) from error


def _changed_keys(catalog: Catalog, wanted: Catalog) -> Iterator[tuple[Key, tuple[str, str]]]:
    for key in catalog:
        if key.kind in ("primary key", "foreign key"):
            before = str(catalog[key]["definition"])
            after = str(wanted[key]["definition"]) if key in wanted else ""
            if before != after:
                yield key, (before, after)


def read_amounts(
    connection: BaseDatabaseWrapper, schema: Schema, tables: Sequence[str]
) -> dict[str, Amount]:
    """Count the rows of the tables, and read their sizes."""
    amounts = {}
    for name, size in read_rows(connection, SIZES, [schema.oid, list(tables)]):
        [(rows,)] = read_rows(connection, f"SELECT count(*) FROM {quote(name)}")
        amounts[name] = Amount(rows, size or 0)
    return amounts


def key_statements(keys: Mapping[Key, tuple[str, str]]) -> list[str]:
    """Return the statements that change the keys: foreign keys are dropped first and added last.

    Each is an ALTER TABLE with one action, because Citus allows only one.
    """
    foreign = [key for key in keys if key.kind == "foreign key"]
    primary = [key for key in keys if key.kind == "primary key"]
    adds = [
        _alter(key, f"ADD CONSTRAINT {quote(key.name)} {keys[key][1]}")
        for key in primary + foreign
        if keys[key][1]
    ]
    return drop_statements(foreign + primary) + adds


def drop_statements(keys: Sequence[Key]) -> list[str]:
    """Return the statements that drop the keys.

    Use release() for the keys of local tables, because Citus may then stop managing these tables.
    """
    declared = declared_layout()
    drops = {key: _alter(key, f"DROP CONSTRAINT {quote(key.name)}") for key in keys}
    return [sql if key.table in declared else release(sql) for key, sql in drops.items()]


def comment_statements(keys: Sequence[Key]) -> list[str]:
    """Return the statements that remove the comments of the keys."""
    return [
        f"COMMENT ON CONSTRAINT {quote(key.name)} ON {quote(key.table)} IS NULL;" for key in keys
    ]


def _alter(key: Key, action: str) -> str:
    return f"ALTER TABLE {quote(key.table)} {action};"
