"""The objects of a database by their addresses in the catalog, and those that have vanished.

What goes is asked of the catalog and not of the migration state, which no longer knows a table that
it has given up by SeparateDatabaseAndState, nor one that RunSQL has made.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.backends.utils import CursorWrapper

from config.postgres.catalog import Address, transposed

# The parts of tables that are neither columns nor code, such as indexes and constraints, are left
# out. They hold nothing, and their operations name them.
WHOLE_OBJECTS = (
    *("pg_am", "pg_cast", "pg_collation", "pg_conversion", "pg_event_trigger", "pg_extension"),
    *("pg_foreign_data_wrapper", "pg_foreign_server", "pg_language", "pg_opclass", "pg_operator"),
    *("pg_opfamily", "pg_policy", "pg_proc", "pg_publication", "pg_rewrite"),
    *("pg_statistic_ext", "pg_transform", "pg_ts_config", "pg_ts_dict", "pg_ts_parser"),
    "pg_ts_template",
)
FIRST_OWN_OID = 16384
"""The first oid that a server gives to an object that it did not come with."""
HOLDS_ROWS, HOLDS_VALUES, HOLDS_NUMBER = "table", "column", "sequence"
"""The kinds that are lost when they are dropped, even if they are made again at once."""


class ObjectName(NamedTuple):
    """The oid of the catalog of an object, its schema and its name."""

    catalog: int
    schema: str
    name: str
    """As it is in the catalog; of a function, with the types of its arguments, qualified."""


@dataclass(frozen=True)
class DroppedObject:
    """An object that vanishes, or a column of a table that stays, as it was called before."""

    address: Address
    kind: str
    """Such as "table", "enum type" or "materialized view"."""
    name: str
    """The name as SQL, qualified where the search path needs it; of a column, that of its table."""
    column: str = ""
    """The name of a column as SQL."""

    def __str__(self) -> str:
        return f"{self.name}.{self.column}" if self.column else self.name

    @property
    def described(self) -> str:
        return f"{self.kind} {self}"

    @property
    def holds_data(self) -> bool:
        """Return whether rows or values may go with it."""
        return self.kind in (HOLDS_ROWS, HOLDS_VALUES)


def read_inventory(cursor: CursorWrapper) -> frozenset[Address]:
    """Return all objects except for those that a server comes with."""
    cursor.execute(INVENTORY)
    return frozenset(Address(*row) for row in cursor.fetchall())


def read_locked(cursor: CursorWrapper) -> frozenset[Address]:
    """Return the objects that this transaction keeps from all others, as each is that it drops."""
    cursor.execute(LOCKED)
    return frozenset(Address(*row) for row in cursor.fetchall())


def read_identities(cursor: CursorWrapper, addresses: Iterable[Address]) -> frozenset[str]:
    """Return the kinds and full names of objects."""
    cursor.execute(IDENTITIES, transposed(list(addresses)))
    return frozenset(identity for (identity,) in cursor.fetchall())


def read_object_names(cursor: CursorWrapper, addresses: Iterable[Address]) -> list[ObjectName]:
    """Return the names of the relations, types and the like that are no part of another."""
    cursor.execute("SELECT current_setting('search_path'), set_config('search_path', '', true)")
    [(path, _)] = cursor.fetchall()
    cursor.execute(OBJECT_NAMES, transposed(list(addresses)))
    names = [ObjectName(*row) for row in cursor.fetchall()]
    cursor.execute("SELECT set_config('search_path', %s, true)", [path])
    return names


def describe(
    cursor: CursorWrapper, vanished: Collection[Address], made_again: Collection[str] = ()
) -> list[DroppedObject]:
    """Return the objects that are `vanished` later on, but are there now; the largest parts only.

    What holds no rows, values or number has not vanished if its identity is in `made_again`.
    """
    cursor.execute(DESCRIBED, [*transposed(list(vanished)), list(made_again)])
    return [
        DroppedObject(Address(*row[0:3]), *(text or "" for text in row[3:]))
        for row in cursor.fetchall()
    ]


OBJECTS = [
    """
SELECT 'pg_class', oid::bigint, 0 FROM pg_class
 WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND relpersistence <> 't'""",
    """
SELECT 'pg_class', attrelid::bigint, attnum::int FROM pg_attribute
  JOIN pg_class AS c ON c.oid = attrelid AND relkind IN ('r', 'p') AND relpersistence <> 't'
 WHERE attnum > 0 AND NOT attisdropped""",
    # Citus hides shards, but not the types of their rows.
    """
SELECT 'pg_type', t.oid::bigint, 0 FROM pg_type AS t
  LEFT JOIN pg_type AS element ON element.oid = t.typelem
  LEFT JOIN pg_class AS c ON c.oid = coalesce(nullif(t.typrelid, 0), element.typrelid)
 WHERE c.oid IS NOT NULL OR coalesce(nullif(t.typrelid, 0), element.typrelid, 0) = 0""",
    "SELECT 'pg_largeobject', oid::bigint, 0 FROM pg_largeobject_metadata",
    "SELECT 'pg_trigger', oid::bigint, 0 FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT 'pg_user_mapping', umid::bigint, 0 FROM pg_user_mappings",
    "SELECT 'pg_authid', oid::bigint, 0 FROM pg_roles",
    # PostgreSQL makes schemas for temporary tables when it needs them.
    "SELECT 'pg_namespace', oid::bigint, 0 FROM pg_namespace WHERE nspname !~ '^pg_'",
    *(f"SELECT '{catalog}', oid::bigint, 0 FROM {catalog}" for catalog in WHOLE_OBJECTS),
]
INVENTORY = f"""
SELECT * FROM ({" UNION ALL ".join(OBJECTS)}) AS object (catalog, oid, number)
 WHERE oid >= {FIRST_OWN_OID} OR catalog IN ('pg_largeobject', 'pg_namespace')
"""

LOCKED = """
SELECT DISTINCT CASE locktype WHEN 'object' THEN classid::regclass::text ELSE 'pg_class' END,
       CASE locktype WHEN 'object' THEN objid ELSE relation END::bigint, 0
  FROM pg_locks
 WHERE pid = pg_backend_pid() AND locktype IN ('object', 'relation')
   AND mode = 'AccessExclusiveLock'
   AND database IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
"""

IDENTITIES = """
SELECT concat_ws(' ', type, identity)
  FROM unnest(%s::text[], %s::oid[], %s::int[]) AS object (catalog, oid, number),
       pg_identify_object(catalog::regclass, oid, number)
 WHERE identity IS NOT NULL
"""

# A part of another object is named by it, as a partition is by its table. An inherited column is
# named by that of the parent. A column with an expression is computed again.
DESCRIBED = """
WITH vanished AS (
    SELECT * FROM unnest(%s::text[], %s::oid[], %s::int[]) AS v (catalog, oid, number)
)
SELECT v.catalog, v.oid::bigint, v.number,
       CASE WHEN v.catalog <> 'pg_type' THEN replace(i.type, 'table column', 'column')
            ELSE CASE t.typtype WHEN 'e' THEN 'enum type' WHEN 'd' THEN 'domain'
                                WHEN 'c' THEN 'composite type' WHEN 'r' THEN 'range type'
                                ELSE 'type' END END,
       CASE v.catalog WHEN 'pg_class' THEN v.oid::regclass::text
                      WHEN 'pg_type' THEN format_type(v.oid, NULL)
                      WHEN 'pg_proc' THEN v.oid::regprocedure::text
                      WHEN 'pg_collation' THEN v.oid::regcollation::text
                      ELSE i.identity END,
       quote_ident(a.attname)
  FROM vanished AS v
 CROSS JOIN pg_identify_object(v.catalog::regclass, v.oid, v.number) AS i
  LEFT JOIN pg_class AS c ON v.catalog = 'pg_class' AND c.oid = v.oid AND v.number = 0
  LEFT JOIN pg_attribute AS a ON v.catalog = 'pg_class' AND v.number > 0
                             AND (a.attrelid, a.attnum) = (v.oid, v.number)
  LEFT JOIN pg_type AS t ON v.catalog = 'pg_type' AND t.oid = v.oid
 WHERE NOT (a.attnum IS NOT NULL
            AND (a.attinhcount > 0
                 OR EXISTS (SELECT FROM vanished AS w
                             WHERE (w.catalog, w.oid, w.number) = ('pg_class', v.oid, 0))))
   AND (coalesce(c.relkind IN ('r', 'p') AND NOT c.relispartition, false)
        OR NOT EXISTS (
           SELECT FROM pg_depend AS d
             JOIN vanished AS w ON w.catalog::regclass = d.refclassid AND w.oid = d.refobjid
                               AND w.number IN (0, d.refobjsubid)
            WHERE (d.classid, d.objid, d.objsubid) = (v.catalog::regclass, v.oid, v.number)
              AND d.deptype IN ('a', 'i', 'e', 'P', 'S')))
   AND (coalesce(c.relkind IN ('r', 'p', 'S') OR a.attgenerated = '', false)
        OR NOT concat_ws(' ', i.type, i.identity) = ANY (%s::text[]))
 ORDER BY 4, 5, 6
"""

OBJECT_NAMES = """
SELECT v.catalog::regclass::oid::bigint, coalesce(s.nspname, ''),
       coalesce(relname, typname, n.nspname, extname, collname, concat(proname, '(', (
           SELECT string_agg(format_type(type, NULL), ', ' ORDER BY place)
             FROM unnest(proargtypes) WITH ORDINALITY AS argument (type, place)), ')'))
  FROM unnest(%s::text[], %s::oid[], %s::int[]) AS v (catalog, oid, number)
 CROSS JOIN pg_identify_object(v.catalog::regclass, v.oid, v.number) AS i
  LEFT JOIN pg_class AS c ON v.catalog = 'pg_class' AND c.oid = v.oid
  LEFT JOIN pg_type AS t ON v.catalog = 'pg_type' AND t.oid = v.oid
  LEFT JOIN pg_proc AS p ON v.catalog = 'pg_proc' AND p.oid = v.oid
  LEFT JOIN pg_namespace AS s ON quote_ident(s.nspname) = i.schema
  LEFT JOIN pg_namespace AS n ON v.catalog = 'pg_namespace' AND n.oid = v.oid
  LEFT JOIN pg_extension AS e ON v.catalog = 'pg_extension' AND e.oid = v.oid
  LEFT JOIN pg_collation AS l ON v.catalog = 'pg_collation' AND l.oid = v.oid
 WHERE v.number = 0
   AND v.catalog IN ('pg_class', 'pg_type', 'pg_proc', 'pg_namespace', 'pg_extension',
                     'pg_collation')
   AND NOT EXISTS (SELECT FROM pg_depend AS d
                    WHERE (d.classid, d.objid, d.objsubid) = (v.catalog::regclass, v.oid, 0)
                      AND d.deptype IN ('a', 'i', 'e'))
 ORDER BY 1, 2, 3
"""
