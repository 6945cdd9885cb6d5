"""The SQL that drops objects and creates them again, from PostgreSQL's own definitions.

It also restores the comment, owner, privileges and state, which a definition does not contain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import NamedTuple

from django.db.backends.utils import CursorWrapper

from config.postgres.catalog.definition_queries import BY_KIND, DETAILS
from config.postgres.catalog.dependencies import Address
from config.postgres.catalog.type_dependents import Dependents

ALTERED = ("column", "default")
"""Kinds that are altered instead of dropped, so that they keep their comment and privileges."""
DESCRIBED_AS = {
    "column": "the default of ",
    "default": "the default of ",
    "generated column": "the expression of ",
}


@dataclass(frozen=True)
class Definition:
    """The SQL that drops an object, creates it again, and finishes it when all others exist."""

    address: Address
    description: str
    table: str | None
    """The table if `drop` and `create` are actions of ALTER TABLE; None for whole statements."""
    drop: list[str]
    create: list[str]
    finish: list[str]
    details: list[str]
    """The statements for the comment, owner and privileges."""


class DropAndRecreate(NamedTuple):
    """The statements for a table, or for an object that is not part of one."""

    drop: list[str]
    create: list[str]
    finish: list[str]


def read_definitions(
    cursor: CursorWrapper,
    dependents: Dependents,
    labels: Sequence[str],
    replace: Mapping[str, str],
) -> list[Definition]:
    """Return the SQL that creates the enum type again with `labels`, and its dependents.

    `replace` maps the labels to replace in the rows to their new ones.
    """
    change = {"labels": labels, "old": list(replace), "new": list(replace.values())}
    return [
        _read_definition(cursor, address, kind, change)
        for kind in BY_KIND
        for address in dependents.of_kind(kind)
    ]


def _read_definition(
    cursor: CursorWrapper, address: Address, kind: str, change: Mapping[str, object]
) -> Definition:
    parameters = {**address._asdict(), **change}
    cursor.execute(BY_KIND[kind], parameters)
    description, table, drop, create, finish = cursor.fetchone()
    details: list[str] = []
    if kind not in ALTERED:
        cursor.execute(DETAILS, parameters)
        details = [sql for (sql,) in cursor.fetchall()]
    description = DESCRIBED_AS.get(kind, "") + description
    return Definition(address, description, table, drop, create, finish, details)


def in_order(
    definitions: Sequence[Definition], dependents: Dependents, *, is_cluster: bool
) -> list[DropAndRecreate]:
    """Return the statements in an order in which the objects can be created.

    They can be dropped in the reverse order. Each table is altered by one statement, so that it is
    rewritten only once; on a cluster by several, since Citus adds a constraint only by itself.
    Raise graphlib.CycleError if there is no such order.
    """
    nodes = {item.address: item.table or item.address for item in definitions}
    sorter = TopologicalSorter[object](dict.fromkeys(nodes.values(), ()))
    for address, needs in dependents.needs.items():
        if node := nodes.get(address):
            sorter.add(node, *(nodes[need] for need in needs if nodes[need] != node))
    return [
        _combine([item for item in definitions if nodes[item.address] == node], is_cluster)
        for node in sorter.static_order()
    ]


def _combine(definitions: Sequence[Definition], is_cluster: bool) -> DropAndRecreate:
    # A column is dropped after its constraints, because DROP COLUMN would drop them, too.
    drop = [sql for item in reversed(definitions) for sql in item.drop]
    create = [sql for item in definitions for sql in item.create]
    if table := definitions[0].table:
        alter = _alter_one_by_one if is_cluster else _alter_at_once
        drop, create = alter(table, drop), alter(table, create)
    create += [sql for item in definitions for sql in item.details]
    return DropAndRecreate(drop, create, [sql for item in definitions for sql in item.finish])


def _alter_at_once(table: str, actions: Sequence[str]) -> list[str]:
    return [f"ALTER TABLE {table} {', '.join(actions)}"] if actions else []


def _alter_one_by_one(table: str, actions: Sequence[str]) -> list[str]:
    return [f"ALTER TABLE {table} {action}" for action in actions]
