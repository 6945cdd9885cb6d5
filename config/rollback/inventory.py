"""The objects of a database by their addresses in the catalog, and their descriptions.

The catalog shows all dropped objects. The migration state lacks tables that RunSQL has created, or
that SeparateDatabaseAndState has removed from the state.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres import execute, read_rows
from config.postgres.catalog import Address, transposed

NOT_IN_BACKUP = (
    *("pg_am", "pg_cast", "pg_conversion", "pg_event_trigger", "pg_extension", "pg_language"),
    *("pg_foreign_data_wrapper", "pg_foreign_server", "pg_opclass", "pg_operator", "pg_opfamily"),
    *("pg_transform", "pg_ts_dict", "pg_ts_parser", "pg_ts_template"),
)
"""The catalogs of objects that a backup lacks, or that a restoration leaves unchanged."""
CATALOGS = (
    *NOT_IN_BACKUP,
    *("pg_collation", "pg_policy", "pg_proc", "pg_publication", "pg_rewrite", "pg_statistic_ext"),
    "pg_ts_config",
)
"""The catalogs that are read completely. Indexes and constraints are left out, because they contain
no data and the descriptions of operations name them."""
FIRST_OWN_OID = 16384
"""The first oid of objects that are not built into the server."""
HOLDS_ROWS, HOLDS_VALUES, HOLDS_NUMBER = "table", "column", "sequence"
"""The kinds of objects that lose their data when they are dropped and created again."""


class ObjectName(NamedTuple):
    """The oid of the catalog of an object, its schema and its name."""

    catalog: int
    schema: str
    name: str
    """The unquoted name; for a function, with the qualified types of its arguments."""


@dataclass(frozen=True)
class DroppedObject:
    """A dropped object, or a dropped column of a table that stays, with its former name."""

    address: Address
    kind: str
    """For example "table", "enum type" or "materialized view"."""
    name: str
    """The name as SQL, qualified if necessary; for a column, the name of its table."""
    column: str = ""
    """The name of a column as SQL."""

    def __str__(self) -> str:
        return f"{self.name}.{self.column}" if self.column else self.name

    @property
    def described(self) -> str:
        return f"{self.kind} {self}"

    @property
    def holds_data(self) -> bool:
        """True if dropping the object may destroy rows or values."""
        return self.kind in (HOLDS_ROWS, HOLDS_VALUES)


def read_inventory(connection: BaseDatabaseWrapper) -> frozenset[Address]:
    """Return all objects that are not built into the server."""
    return frozenset(Address(*row) for row in read_rows(connection, INVENTORY))


def read_locked(connection: BaseDatabaseWrapper) -> frozenset[Address]:
    """Return the objects that this transaction has locked in the mode ACCESS EXCLUSIVE."""
    return frozenset(Address(*row) for row in read_rows(connection, LOCKED))


def read_identities(
    connection: BaseDatabaseWrapper, addresses: Iterable[Address]
) -> frozenset[str]:
    """Return the kind and qualified name of each object."""
    rows = read_rows(connection, IDENTITIES, transposed(list(addresses)))
    return frozenset(identity for (identity,) in rows)


def address_parameters(addresses: Collection[Address]) -> dict[str, list[str | int]]:
    """Return the parameters of a query about whole objects: their catalogs and their oids."""
    return {
        "catalogs": [address.catalog for address in addresses],
        "oids": [address.oid for address in addresses],
    }


def read_object_names(
    connection: BaseDatabaseWrapper, addresses: Iterable[Address]
) -> list[ObjectName]:
    """Return the names of tables, types and other objects that are not parts of an object."""
    [(path,)] = read_rows(connection, "SELECT current_setting('search_path')")
    execute(connection, "SET LOCAL search_path = ''")
    rows = read_rows(connection, OBJECT_NAMES, transposed(list(addresses)))
    execute(connection, "SELECT set_config('search_path', %s, true)", [path])
    return [ObjectName(*row) for row in rows]


def describe_objects(
    connection: BaseDatabaseWrapper,
    vanished: Collection[Address],
    new_identities: Collection[str] = (),
) -> list[DroppedObject]:
    """Return the dropped objects without their parts, after the drops have been rolled back.

    An object without data is left out if `new_identities` contains its kind and name.
    """
    rows = read_rows(connection, DESCRIBED, [*transposed(list(vanished)), list(new_identities)])
    return [DroppedObject(Address(*row[0:3]), *(text or "" for text in row[3:])) for row in rows]


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
    # PostgreSQL creates schemas for temporary tables on demand.
    "SELECT 'pg_namespace', oid::bigint, 0 FROM pg_namespace WHERE nspname !~ '^pg_'",
    *(f"SELECT '{catalog}', oid::bigint, 0 FROM {catalog}" for catalog in CATALOGS),
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

# Leave out a part of another vanished object, such as a partition, and an inherited column. A
# generated column contains no data, because its values can be computed again.
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

# The name of a function contains the argument types. Only built-in types are unqualified.
NAMED_OBJECTS = f"""(
    SELECT 'pg_class' AS catalog, oid, relnamespace AS namespace, relname::text AS name
      FROM pg_class
     UNION ALL SELECT 'pg_type', oid, typnamespace, typname FROM pg_type
     UNION ALL SELECT 'pg_collation', oid, collnamespace, collname FROM pg_collation
     UNION ALL SELECT 'pg_namespace', oid, 0::oid, nspname FROM pg_namespace
     UNION ALL SELECT 'pg_extension', oid, 0::oid, extname FROM pg_extension
     UNION ALL
    SELECT 'pg_proc', oid, pronamespace, concat(proname, '(', coalesce(
               (SELECT string_agg(format_type(type, NULL), ', ' ORDER BY place)
                  FROM unnest(proargtypes) WITH ORDINALITY AS argument (type, place)),
               CASE prokind WHEN 'a' THEN '*' END), ')')
      FROM pg_proc WHERE oid >= {FIRST_OWN_OID})"""
"""The named objects: catalog, oid, oid of the schema (0 without a schema), and name."""

OBJECT_NAMES = f"""
SELECT catalog::regclass::oid::bigint, coalesce(nspname, ''), name
  FROM unnest(%s::text[], %s::oid[], %s::int[]) AS wanted (catalog, oid, number)
  JOIN {NAMED_OBJECTS} AS object USING (catalog, oid)
  LEFT JOIN pg_namespace AS n ON n.oid = namespace
 WHERE number = 0
   AND NOT EXISTS (SELECT FROM pg_depend AS d
                    WHERE (d.classid, d.objid, d.objsubid) = (catalog::regclass, object.oid, 0)
                      AND d.deptype IN ('a', 'i', 'e'))
 ORDER BY 1, 2, 3
"""
