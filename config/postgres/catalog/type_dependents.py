"""The objects that depend on a type and must be dropped before it can be replaced.

When PostgreSQL changes the type of a column, it rebuilds the indexes and constraints of the column
that do not mention the type. All other dependents must be dropped first: expressions that contain a
label of the type, and the views, rules, policies, triggers, functions, foreign keys and generated
columns that use the column.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog.dependencies import Address, Walk, transposed
from config.postgres.queries import read_rows


@dataclass(frozen=True)
class Dependents:
    """A type, and the objects that depend on it."""

    kinds: dict[Address, str]
    needs: dict[Address, set[Address]] = field(default_factory=dict)
    """The objects that each object depends on."""
    refused: list[str] = field(default_factory=list)
    """The descriptions of objects that cannot be dropped and created again."""

    def of_kind(self, kind: str) -> list[Address]:
        """Return the objects of this kind, such as "view", in a fixed order."""
        return sorted(address for address in self.kinds if self.kinds[address] == kind)


class Unit(NamedTuple):
    """The object to drop and create again: the dependent object, or the object that includes it."""

    kind: str | None
    """None if the object cannot be created again, or INCLUDED if another object includes it."""
    address: Address
    description: str


INCLUDED = "included"
NOT_OUTSIDE = ("column", "domain", "generated column")
"""The kinds that can be created again only together with a replaced enum type."""
REBUILT = ("check", "default", "index", "key", "statistics")
"""The kinds that PostgreSQL rebuilds when it changes the type of their column."""


def read_dependents(
    connection: BaseDatabaseWrapper, type_oid: int, shards: Collection[int]
) -> Dependents:
    """Return the type and the objects that must be dropped before it.

    `shards` are oids of shards, which Citus changes together with their tables.
    """
    root = Address("pg_type", type_oid)
    found = Dependents({root: "enum type"})
    hidden = _read_included(connection, [Address("pg_class", oid) for oid in shards])
    _add_dependents(connection, found, [root], hidden)
    return found


def read_dependents_outside(
    connection: BaseDatabaseWrapper, roots: Collection[Address]
) -> Dependents:
    """Return the objects that prevent a DROP of `roots` and of their parts."""
    found = Dependents({})
    dropped = _read_included(connection, roots)
    _add_dependents(connection, found, dropped, dropped, refused_kinds=NOT_OUTSIDE)
    return found


def _add_dependents(
    connection: BaseDatabaseWrapper,
    found: Dependents,
    roots: Collection[Address],
    hidden: Collection[Address],
    *,
    refused_kinds: Collection[str] = (),
) -> None:
    """Add the objects that depend on `roots` to `found`, except for `hidden` objects."""
    # Maps each reached object to the address of its unit. Roots outside of `found` have no unit.
    unit_of = {address: address for address in found.kinds}
    walk = Walk(connection, roots)
    for level in walk.levels():
        visible = [item for item in level if not item.dependent.is_within(hidden)]
        units = _read_units(connection, [item.dependent for item in visible])
        for item in visible:
            needed = unit_of.get(item.needed)
            kind, address, description = units[item.dependent]
            if kind is None or kind in refused_kinds:
                if description not in found.refused:
                    found.refused.append(description)
            elif needed and item.type == "i" and (address == needed or kind == INCLUDED):
                # The item is an array type, the row type of a view, or the index of a constraint.
                unit_of.setdefault(item.dependent, needed)
                walk.follow(item.dependent)
            elif kind != INCLUDED and address != needed:
                found.needs.setdefault(address, set()).update({needed} if needed else ())
                is_rebuilt = needed and found.kinds[needed] == "column" and kind in REBUILT
                # The kind "column" replaces "default", because a column includes its default.
                if not is_rebuilt and found.kinds.get(address, "default") == "default":
                    found.kinds[address] = kind
                    unit_of.setdefault(address, address)
                    walk.follow(address)


def _read_included(connection: BaseDatabaseWrapper, roots: Collection[Address]) -> set[Address]:
    """Return `roots` and the objects that a DROP of them includes."""
    included = set(roots)
    walk = Walk(connection, roots)
    for level in walk.levels():
        for item in level:
            if item.is_dropped:
                included.add(item.dependent)
                walk.follow(item.dependent)
    return included


def _read_units(
    connection: BaseDatabaseWrapper, addresses: Iterable[Address]
) -> Mapping[Address, Unit]:
    rows = read_rows(connection, UNITS, transposed(list(dict.fromkeys(addresses))))
    return {Address(*row[0:3]): Unit(row[3], Address(*row[4:7]), row[7]) for row in rows}


UNITS = """
SELECT d.catalog, d.oid::bigint, d.number,
       unit.kind, coalesce(unit.catalog, ''), coalesce(unit.oid, 0)::bigint,
       coalesce(unit.number, 0), pg_describe_object(d.catalog::regclass, d.oid, d.number)
  FROM unnest(%s::text[], %s::oid[], %s::int[]) AS d (catalog, oid, number)
  LEFT JOIN LATERAL (
    SELECT CASE WHEN c.relkind IN ('v', 'm') THEN 'view'
                WHEN c.relkind NOT IN ('r', 'p') OR a.attnum = ANY (p.partattrs) THEN NULL
                WHEN a.attgenerated <> '' THEN 'generated column'
                WHEN d.catalog = 'pg_class' THEN 'column'
                ELSE 'default' END AS kind,
           'pg_class' AS catalog, c.oid,
           CASE WHEN c.relkind IN ('v', 'm') THEN 0 ELSE a.attnum END AS number
      FROM pg_attribute AS a
      JOIN pg_class AS c ON c.oid = a.attrelid
      LEFT JOIN pg_partitioned_table AS p ON p.partrelid = c.oid
      LEFT JOIN pg_attrdef AS v ON v.adrelid = a.attrelid AND v.adnum = a.attnum
     WHERE d.catalog = 'pg_class' AND d.number > 0 AND (a.attrelid, a.attnum) = (d.oid, d.number)
        OR d.catalog = 'pg_attrdef' AND v.oid = d.oid
     UNION ALL
    SELECT CASE WHEN c.relispartition OR c.relkind = 'S'
                     OR c.relnamespace = 'pg_toast'::regnamespace THEN 'included'
                WHEN k.oid IS NOT NULL THEN 'key'
                WHEN c.relkind IN ('i', 'I') THEN 'index'
                WHEN c.relkind IN ('v', 'm') THEN 'view' END,
           CASE WHEN k.oid IS NULL THEN 'pg_class' ELSE 'pg_constraint' END,
           coalesce(k.oid, c.oid), 0
      FROM pg_class AS c
      LEFT JOIN pg_constraint AS k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')
     WHERE d.catalog = 'pg_class' AND d.number = 0 AND c.oid = d.oid
     UNION ALL
    SELECT CASE WHEN k.contypid <> 0 THEN CASE k.contype WHEN 'c' THEN 'domain' ELSE 'included' END
                WHEN k.coninhcount > 0 OR k.conparentid <> 0 OR k.contype IN ('n', 't')
                THEN 'included'
                WHEN k.contype = 'c' THEN 'check'
                WHEN k.contype = 'f' THEN 'foreign key'
                ELSE 'key' END,
           CASE WHEN k.contypid <> 0 THEN 'pg_type' ELSE 'pg_constraint' END,
           CASE WHEN k.contypid <> 0 THEN k.contypid ELSE k.oid END, 0
      FROM pg_constraint AS k
     WHERE d.catalog = 'pg_constraint' AND k.oid = d.oid
     UNION ALL
    SELECT CASE WHEN t.typtype = 'd' THEN 'domain'
                WHEN t.typrelid <> 0 AND c.relkind <> 'c' OR t.typelem <> 0 THEN 'included' END,
           'pg_type', t.oid, 0
      FROM pg_type AS t
      LEFT JOIN pg_class AS c ON c.oid = t.typrelid
     WHERE d.catalog = 'pg_type' AND t.oid = d.oid
     UNION ALL
    SELECT CASE WHEN prokind IN ('f', 'p') THEN 'function' END, d.catalog, d.oid, 0
      FROM pg_proc WHERE d.catalog = 'pg_proc' AND pg_proc.oid = d.oid
     UNION ALL
    SELECT CASE WHEN tgisinternal OR tgparentid <> 0 THEN 'included' ELSE 'trigger' END,
           d.catalog, d.oid, 0
      FROM pg_trigger WHERE d.catalog = 'pg_trigger' AND pg_trigger.oid = d.oid
     UNION ALL
    SELECT CASE d.catalog WHEN 'pg_rewrite' THEN 'rule' WHEN 'pg_policy' THEN 'policy'
                          ELSE 'statistics' END,
           d.catalog, d.oid, 0
     WHERE d.catalog IN ('pg_rewrite', 'pg_policy', 'pg_statistic_ext')
  ) AS unit ON true
"""
