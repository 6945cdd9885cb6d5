"""The SQL that drops objects and creates them again, from PostgreSQL's own definitions.

The SQL also restores the comment, owner, privileges and state, which definitions do not contain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog.definition_queries import BY_KIND, DETAILS
from config.postgres.catalog.dependencies import Address
from config.postgres.catalog.type_dependents import Dependents
from config.postgres.queries import read_rows

ALTERED = ("column", "default")
"""Kinds that are altered instead of dropped, so that they keep their comment and privileges."""
DESCRIBED_AS = {
    "column": "the default of ",
    "default": "the default of ",
    "generated column": "the expression of ",
}


@dataclass(frozen=True)
class Definition:
    """The SQL that drops an object, creates it again, and finishes it when all objects exist."""

    address: Address
    description: str
    table: str | None
    """The table if `drop` and `create` are actions of ALTER TABLE, None if they are statements."""
    drop: list[str]
    create: list[str]
    finish: list[str]
    details: list[str]
    """The statements for the comment, owner and privileges."""


class DropAndRecreate(NamedTuple):
    """The statements that drop objects, and the statements that create them again."""

    drop: list[str]
    create: list[str]


def read_definitions(
    connection: BaseDatabaseWrapper,
    dependents: Dependents,
    labels: Sequence[str],
    replace: Mapping[str, str],
) -> list[Definition]:
    """Return the SQL that drops and recreates the enum type, with `labels`, and its dependents.

    `replace` maps old labels in rows to new labels.
    """
    change = {"labels": labels, "old": list(replace), "new": list(replace.values())}
    return [
        _read_definition(connection, address, kind, change)
        for kind in BY_KIND
        for address in dependents.of_kind(kind)
    ]


def _read_definition(
    connection: BaseDatabaseWrapper, address: Address, kind: str, change: Mapping[str, object]
) -> Definition:
    parameters = {**address._asdict(), **change}
    [(description, table, drop, create, finish)] = read_rows(connection, BY_KIND[kind], parameters)
    rows = () if kind in ALTERED else read_rows(connection, DETAILS, parameters)
    details = [sql for (sql,) in rows]
    description = DESCRIBED_AS.get(kind, "") + description
    return Definition(address, description, table, drop, create, finish, details)


def drop_and_recreate(
    definitions: Sequence[Definition], dependents: Dependents, *, is_cluster: bool
) -> DropAndRecreate:
    """Return the statements in an order in which the objects can be dropped and created.

    One statement alters each table, so that PostgreSQL rewrites it only once. On a cluster, each
    action is a separate statement, because Citus adds no constraint together with other actions.
    Raise graphlib.CycleError if there is no such order.
    """
    nodes = {item.address: item.table or item.address for item in definitions}
    sorter = TopologicalSorter[object](dict.fromkeys(nodes.values(), ()))
    for address, needs in dependents.needs.items():
        if node := nodes.get(address):
            sorter.add(node, *(nodes[need] for need in needs if nodes[need] != node))
    drop: list[str] = []
    create: list[str] = []
    finish: list[str] = []
    for next_node in sorter.static_order():
        items = [item for item in definitions if nodes[item.address] == next_node]
        table = items[0].table
        # A column is dropped after its constraints, because DROP COLUMN also drops constraints.
        drops = [sql for item in reversed(items) for sql in item.drop]
        drop = [*_altering(table, drops, is_cluster), *drop]
        create += _altering(table, [sql for item in items for sql in item.create], is_cluster)
        create += [sql for item in items for sql in item.details]
        finish = [*(sql for item in items for sql in item.finish), *finish]
    return DropAndRecreate(drop, create + finish)


def _altering(table: str | None, statements: list[str], is_cluster: bool) -> list[str]:
    """Return `statements`, as ALTER TABLE statements if they are actions on a `table`."""
    if table is None or not statements:
        return statements
    actions = statements if is_cluster else [", ".join(statements)]
    return [f"ALTER TABLE {table} {action}" for action in actions]
