"""What depends on a type and has to make way before the type can go: asked of pg_depend.

PostgreSQL alters the type of a column, and rebuilds the indexes and constraints on it that say
nothing of the type. All else is in the way: what names one of the type's labels, and views, rules,
policies, triggers, functions, foreign keys and generated columns on the columns.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.backends.utils import CursorWrapper


class Address(NamedTuple):
    """An object, as pg_depend names it."""

    catalog: str
    oid: int
    number: int = 0
    """Of a column; 0 is the whole object."""


@dataclass(frozen=True)
class Dependents:
    """A type, and all that depends on it."""

    kinds: Mapping[Address, str]
    needs: Mapping[Address, set[Address]]
    """By object, those that it depends on."""
    refused: Sequence[str]
    """What cannot be taken away and brought back, as PostgreSQL describes it."""

    def of_kind(self, kind: str) -> list[Address]:
        return sorted(address for address in self.kinds if self.kinds[address] == kind)


LEFT_TO_POSTGRESQL = ("check", "default", "index", "key", "statistics")
"""What comes along by itself when a column changes its type."""


def read_dependents(cursor: CursorWrapper, type_oid: int, array_oid: int) -> Dependents:
    """All that would be in the way of the type's end. Changes nothing."""
    root = Address("pg_type", type_oid)
    kinds = {root: "enum type"}
    needs: dict[Address, set[Address]] = {}
    refused: dict[str, None] = {}
    sources = {root: root, Address("pg_type", array_oid): root}
    frontier = list(sources)
    while frontier:
        rows, frontier = list(_read_level(cursor, frontier)), []
        for source, kind, address, others, description in rows:
            needed = sources[source]
            if kind is None:
                refused[description] = None
            if kind in (None, "none") or address == needed:
                continue
            needs.setdefault(address, set()).add(needed)
            is_left = kinds[needed] == "column" and kind in LEFT_TO_POSTGRESQL
            # A column that changes its type takes its own default along.
            if not is_left and kinds.get(address, "default") == "default":
                kinds[address] = kind
                new = [other for other in (address, *others) if other not in sources]
                sources |= dict.fromkeys(new, address)
                frontier += new
    return Dependents(kinds, needs, list(refused))


def _read_level(
    cursor: CursorWrapper, frontier: Sequence[Address]
) -> Iterator[tuple[Address, str | None, Address, list[Address], str]]:
    """What depends on the objects of `frontier`: on which, its kind, and what is part of it."""
    catalogs, oids, columns = zip(*frontier, strict=True)
    cursor.execute(DEPENDENTS, [list(catalogs), list(oids), list(columns)])
    for row in cursor.fetchall():
        others: Any = [Address(row[7], oid) for oid in row[8] or ()]
        yield Address(*row[0:3]), row[3], Address(*row[4:7]), others, row[9]


# Kind NULL stands for what is refused, 'none' for what goes and comes with something else.
DEPENDENTS = """
WITH source AS (
    SELECT * FROM unnest(%s::text[], %s::oid[], %s::int[]) AS source (catalog, oid, number)
)
SELECT DISTINCT
       source.catalog, source.oid::bigint, source.number,
       o.kind, coalesce(o.catalog, ''), coalesce(o.oid, 0)::bigint, coalesce(o.number, 0),
       o.part_catalog, o.part_oids, pg_describe_object(d.classid, d.objid, d.objsubid)
  FROM source
  JOIN pg_depend AS d ON d.refclassid = source.catalog::regclass AND d.refobjid = source.oid
                     AND source.number IN (0, d.refobjsubid)
  LEFT JOIN LATERAL (
    SELECT CASE WHEN c.relkind IN ('v', 'm') THEN 'view'
                WHEN c.relkind NOT IN ('r', 'p') OR a.attnum = ANY (p.partattrs) THEN NULL
                WHEN a.attgenerated <> '' THEN 'generated column'
                WHEN d.classid = 'pg_class'::regclass THEN 'column'
                ELSE 'default' END AS kind,
           'pg_class' AS catalog, c.oid,
           CASE WHEN c.relkind IN ('v', 'm') THEN 0 ELSE a.attnum END AS number,
           'pg_type' AS part_catalog,
           CASE WHEN c.relkind IN ('v', 'm') THEN ARRAY[c.reltype::bigint, t.typarray::bigint]
                END AS part_oids
      FROM pg_attribute AS a
      JOIN pg_class AS c ON c.oid = a.attrelid
      LEFT JOIN pg_type AS t ON t.oid = c.reltype
      LEFT JOIN pg_partitioned_table AS p ON p.partrelid = c.oid
      LEFT JOIN pg_attrdef AS v ON v.adrelid = a.attrelid AND v.adnum = a.attnum
     WHERE d.classid = 'pg_class'::regclass AND (a.attrelid, a.attnum) = (d.objid, d.objsubid)
       AND d.objsubid > 0
        OR d.classid = 'pg_attrdef'::regclass AND v.oid = d.objid
     UNION ALL
    SELECT CASE WHEN r.rulename = '_RETURN' THEN 'view' ELSE 'rule' END,
           CASE WHEN r.rulename = '_RETURN' THEN 'pg_class' ELSE 'pg_rewrite' END,
           CASE WHEN r.rulename = '_RETURN' THEN c.oid ELSE r.oid END, 0,
           'pg_type',
           CASE WHEN r.rulename = '_RETURN' THEN ARRAY[c.reltype::bigint, t.typarray::bigint] END
      FROM pg_rewrite AS r
      JOIN pg_class AS c ON c.oid = r.ev_class
      JOIN pg_type AS t ON t.oid = c.reltype
     WHERE d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
     UNION ALL
    SELECT CASE WHEN c.relispartition OR c.relkind IN ('t', 'S') THEN 'none'
                WHEN k.oid IS NOT NULL THEN 'key'
                WHEN c.relkind IN ('i', 'I') THEN 'index'
                WHEN c.relkind IN ('v', 'm') THEN 'none' END,
           CASE WHEN k.oid IS NULL THEN 'pg_class' ELSE 'pg_constraint' END,
           coalesce(k.oid, c.oid), 0, 'pg_class', ARRAY[k.conindid::bigint]
      FROM pg_class AS c
      LEFT JOIN pg_constraint AS k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')
     WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid AND d.objsubid = 0
     UNION ALL
    SELECT CASE WHEN k.contypid <> 0 THEN CASE k.contype WHEN 'c' THEN 'domain' ELSE 'none' END
                WHEN k.coninhcount > 0 OR k.conparentid <> 0 OR k.contype IN ('n', 't') THEN 'none'
                WHEN k.contype = 'c' THEN 'check'
                WHEN k.contype = 'f' THEN 'foreign key'
                ELSE 'key' END,
           CASE WHEN k.contypid <> 0 THEN 'pg_type' ELSE 'pg_constraint' END,
           CASE WHEN k.contypid <> 0 THEN k.contypid ELSE k.oid END, 0,
           CASE WHEN k.contypid <> 0 THEN 'pg_type' ELSE 'pg_class' END,
           CASE WHEN k.contypid <> 0 THEN ARRAY[t.typarray::bigint]
                WHEN k.contype IN ('p', 'u', 'x') THEN ARRAY[k.conindid::bigint] END
      FROM pg_constraint AS k
      LEFT JOIN pg_type AS t ON t.oid = k.contypid
     WHERE d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
     UNION ALL
    SELECT CASE WHEN t.typtype = 'd' THEN 'domain'
                WHEN t.typrelid <> 0 AND c.relkind <> 'c' OR t.typelem <> 0 THEN 'none' END,
           'pg_type', t.oid, 0, 'pg_type', ARRAY[t.typarray::bigint]
      FROM pg_type AS t
      LEFT JOIN pg_class AS c ON c.oid = t.typrelid
     WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid
     UNION ALL
    SELECT CASE WHEN prokind IN ('f', 'p') THEN 'function' END, 'pg_proc', oid, 0, '', NULL
      FROM pg_proc WHERE d.classid = 'pg_proc'::regclass AND oid = d.objid
     UNION ALL
    SELECT CASE WHEN tgisinternal OR tgparentid <> 0 THEN 'none' ELSE 'trigger' END,
           'pg_trigger', oid, 0, '', NULL
      FROM pg_trigger WHERE d.classid = 'pg_trigger'::regclass AND oid = d.objid
     UNION ALL
    SELECT 'policy', 'pg_policy', d.objid, 0, '', NULL WHERE d.classid = 'pg_policy'::regclass
     UNION ALL
    SELECT 'statistics', 'pg_statistic_ext', d.objid, 0, '', NULL
     WHERE d.classid = 'pg_statistic_ext'::regclass
  ) AS o ON true
"""
