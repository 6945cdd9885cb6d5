"""The objects that prevent a DROP because they depend on a dropped object."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog.dependencies import Address, Dependency, Walk, transposed
from config.postgres.queries import read_rows


@dataclass(frozen=True, order=True)
class Obstacle:
    """An object that prevents a DROP."""

    name: str
    """The object as PostgreSQL describes it."""
    needs: str
    """The removed objects on which the obstacle depends, as PostgreSQL describes them."""
    address: Address

    def __str__(self) -> str:
        return f"{self.name} (needs {self.needs})"


class Described(NamedTuple):
    """The description of an object, and the oid of its table or view, if any."""

    description: str
    relation: int | None


def read_obstacles(connection: BaseDatabaseWrapper, removed: Collection[Address]) -> list[Obstacle]:
    """Return the objects that depend on `removed`, also indirectly, but are not dropped with it.

    Publications are obstacles, because a DROP removes the table from a publication silently.
    """
    dependencies = _read_dependencies(connection, removed)
    dropped = _roots([item for item in dependencies if item.is_dropped], removed)
    blocking = {
        item.dependent: None
        for item in dependencies
        if item.dependent not in dropped and (item.type == "n" or item.is_publication)
    }
    roots = _roots(dependencies, removed)
    rows = read_rows(connection, DESCRIPTIONS, transposed([*blocking, *removed]))
    described = {Address(*row[:3]): Described(*row[3:]) for row in rows}
    return sorted(
        Obstacle(
            described[address].description,
            ", ".join(sorted(described[root].description for root in roots[address])),
            address,
        )
        for address in blocking
        if not _is_part(address, described[address].relation, blocking)
    )


def _read_dependencies(
    connection: BaseDatabaseWrapper, removed: Collection[Address]
) -> list[Dependency]:
    """Return the direct and indirect dependencies on `removed`, except within one object."""
    walk = Walk(connection, removed)
    dependencies = []
    for level in walk.levels():
        for item in level:
            is_same_object = item.needed[:2] == item.dependent[:2]
            if not is_same_object and not item.dependent.is_within(removed):
                dependencies.append(item)
                walk.follow(item.dependent)
    return dependencies


def _roots(
    dependencies: Iterable[Dependency], removed: Iterable[Address]
) -> Mapping[Address, set[Address]]:
    """Return the removed objects on which each object depends, directly or indirectly."""
    dependents = defaultdict(list)
    for item in dependencies:
        dependents[item.needed].append(item.dependent)
    roots = defaultdict(set, {address: {address} for address in removed})
    changed = list(roots)
    while changed:
        needed = changed.pop()
        for dependent in dependents[needed]:
            if not roots[needed] <= roots[dependent]:
                roots[dependent] |= roots[needed]
                changed.append(dependent)
    return roots


def _is_part(address: Address, relation: int | None, blocking: Collection[Address]) -> bool:
    """Return whether the object is part of another object in `blocking`."""
    whole = Address("pg_class", relation or 0)
    return address != whole and whole in blocking


DESCRIPTIONS = """
SELECT catalog, oid::bigint, number, pg_describe_object(catalog::regclass, oid, number),
       CASE catalog
       WHEN 'pg_class' THEN coalesce((SELECT indrelid FROM pg_index WHERE indexrelid = oid), oid)
       WHEN 'pg_constraint' THEN (SELECT nullif(conrelid, 0) FROM pg_constraint AS k
                                   WHERE k.oid = object.oid)
       WHEN 'pg_attrdef' THEN (SELECT adrelid FROM pg_attrdef AS d WHERE d.oid = object.oid)
       END::bigint
  FROM unnest(%s::text[], %s::oid[], %s::int[]) AS object (catalog, oid, number)
"""
