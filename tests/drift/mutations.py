"""Kinds of drift: queries that walk the live catalog and generate SQL that causes the drift.

The queries do not use the catalog reader that they test.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

OLDEST = 15  # the first major version of PostgreSQL that the project supports
# The number of mutations of each kind; 0 for all.
LIMIT = int(os.environ.get("DRIFT_MUTATIONS_OF_A_KIND", "1"))


@dataclass(frozen=True)
class Mutation:
    """SQL that causes a drift of `object`."""

    object: str
    sql: str


@dataclass(frozen=True)
class Kind:
    """A kind of drift, and how verify_schema must report it."""

    name: str
    finding: str
    """The code of the finding, and the attribute if there is one."""
    query: str
    """A query; each row is the name of an object, as in reports, and the SQL that changes it."""
    since: int = OLDEST
    """The first major version of PostgreSQL in which it can be caused."""
    no_repair: str = ""
    """The reason why no statement repairs it; empty if one does."""
    of_partitioned: bool = True
    """True if it can be caused in a partitioned table."""

    def __str__(self) -> str:
        return self.name.replace(" ", "-")

    def mutations(self, connection: BaseDatabaseWrapper, limit: int) -> Iterator[Mutation]:
        """Yield the first `limit` mutations, in an order that is arbitrary but stable."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"{CATALOG} SELECT * FROM ({self.query}) AS mutation (object, sql)"
                f" WHERE current_setting('server_version_num')::int >= {self.since} * 10000"
                f" AND ({self.of_partitioned} OR split_part(object, '.', 1) NOT IN ("
                f" SELECT table_name FROM tables WHERE is_partitioned))"
                f" ORDER BY md5(object || sql) LIMIT {limit or 'NULL'}"
            )
            for row in cursor.fetchall():
                yield Mutation(*row)


CATALOG = """
WITH tables AS (
    SELECT c.oid, c.relname AS table_name, c.relname::text AS object,
           c.reltoastrelid <> 0 AS has_toast, c.relkind = 'p' AS is_partitioned,
           obj_description(c.oid, 'pg_class') AS comment,
           (SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', '
                              ORDER BY attnum)
              FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
           ) AS columns,
           (SELECT relname FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid
             WHERE indrelid = c.oid AND indisprimary) AS primary_key,
           (SELECT attname FROM pg_attribute JOIN pg_index ON indrelid = attrelid
             WHERE attrelid = c.oid AND indisprimary AND attnum = indkey[0]) AS key_column,
           EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attidentity <> '')
               AS has_identity,
           EXISTS (SELECT FROM pg_constraint WHERE confrelid = c.oid AND conrelid <> c.oid)
               AS is_referred_to
      FROM pg_class AS c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND NOT c.relispartition
), columns AS (
    SELECT t.oid, t.table_name, a.attname AS column_name, a.attnum,
           t.table_name || '.' || a.attname AS object,
           format_type(a.atttypid, a.atttypmod) AS type, y.typname, y.typtype, y.oid AS type_oid,
           a.attnotnull AS not_null, a.attidentity <> '' AS has_identity,
           a.attgenerated <> '' AS is_generated, pg_get_expr(d.adbin, d.adrelid) AS default_value,
           col_description(t.oid, a.attnum) AS comment,
           CASE WHEN a.attidentity <> '' THEN pg_get_serial_sequence(
               quote_ident(t.table_name), a.attname) END AS sequence,
           EXISTS (SELECT FROM pg_index WHERE indrelid = t.oid AND indisprimary
                                          AND a.attnum = ANY (indkey)) AS in_primary_key,
           EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND (
                       conrelid = t.oid AND a.attnum = ANY (conkey)
                       OR confrelid = t.oid AND a.attnum = ANY (confkey))) AS in_foreign_key,
           EXISTS (SELECT FROM pg_depend AS p JOIN pg_attrdef AS g ON g.oid = p.objid
                    WHERE p.classid = 'pg_attrdef'::regclass AND p.refobjid = t.oid
                      AND p.refobjsubid = a.attnum AND g.adnum <> a.attnum) AS is_source,
           (SELECT coalesce(string_agg(DISTINCT CASE WHEN k.oid IS NULL
                        THEN format('DROP INDEX IF EXISTS %s; ', i.indexrelid::regclass)
                        ELSE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE; ',
                                    k.conrelid::regclass, k.conname) END, ''), '')
              FROM pg_depend AS p
              LEFT JOIN pg_constraint AS k ON p.classid = 'pg_constraint'::regclass
                                          AND k.oid = p.objid AND k.contype <> 'n'
              LEFT JOIN pg_index AS i ON p.classid = 'pg_class'::regclass
                                     AND i.indexrelid = p.objid
             WHERE p.refclassid = 'pg_class'::regclass AND p.refobjid = t.oid
               AND p.refobjsubid = a.attnum AND (k.oid IS NOT NULL OR i.indexrelid IS NOT NULL)
           ) AS drop_dependents
      FROM tables AS t
      JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_type AS y ON y.oid = a.atttypid
      LEFT JOIN pg_attrdef AS d ON d.adrelid = t.oid AND d.adnum = a.attnum
), literals AS (
    SELECT object, CASE WHEN typtype = 'e' THEN (
                            SELECT max(enumlabel::text) FROM pg_enum
                             WHERE enumtypid = type_oid AND default_value NOT LIKE
                                   quote_literal(enumlabel) || '%')
                        WHEN typname = 'bool' THEN (default_value <> 'true')::text
                        WHEN typname IN ('int2', 'int4', 'int8', 'numeric') THEN '7'
                        WHEN typname IN ('varchar', 'text') THEN 'x'
                        WHEN typname = 'jsonb' THEN '["x"]'
                        WHEN typname = 'timestamptz' THEN '2020-01-01 00:00+00'
                        WHEN typname = 'uuid' THEN '00000000-0000-4000-8000-000000000000'
                   END AS value
      FROM columns
), constraints AS (
    SELECT t.oid AS table_oid, t.table_name, k.oid, k.conname AS constraint_name, k.contype AS type,
           t.table_name || '.' || k.conname AS object, pg_get_constraintdef(k.oid) AS definition,
           k.confrelid,
           (SELECT string_agg(quote_ident(attname), ', ' ORDER BY array_position(conkey, attnum))
              FROM pg_attribute WHERE attrelid = t.oid AND attnum = ANY (conkey)) AS columns
      FROM tables AS t
      JOIN pg_constraint AS k ON k.conrelid = t.oid
), indexes AS (
    SELECT t.oid AS table_oid, t.table_name, x.oid, x.relname AS index_name, m.amname AS method,
           t.table_name || '.' || x.relname AS object, pg_get_indexdef(x.oid) AS definition,
           i.indisunique AS is_unique, i.indpred IS NOT NULL AS is_partial, i.indnatts,
           EXISTS (SELECT FROM pg_attribute AS a
                    WHERE a.attrelid = t.oid AND a.attnum = i.indkey[0] AND a.attcollation <> 0
                  ) AS has_collation,
           (SELECT attname FROM pg_attribute AS a
             WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
               AND a.attnum <> ALL (i.indkey::smallint[]) ORDER BY attnum LIMIT 1) AS other_column
      FROM tables AS t
      JOIN pg_index AS i ON i.indrelid = t.oid
      JOIN pg_class AS x ON x.oid = i.indexrelid
      JOIN pg_am AS m ON m.oid = x.relam
     WHERE NOT EXISTS (SELECT FROM pg_constraint AS k
                        WHERE k.conindid = x.oid AND k.contype IN ('p', 'u', 'x'))
), enums AS (
    SELECT t.oid, t.typname AS type_name, t.typname::text AS object,
           (SELECT array_agg(enumlabel::text ORDER BY enumsortorder)
              FROM pg_enum WHERE enumtypid = t.oid) AS labels
      FROM pg_type AS t
     WHERE t.typnamespace = 'public'::regnamespace AND t.typtype = 'e'
)
"""


def each(source: str, sql: str, arguments: str, where: str) -> str:
    """Return a query with a mutation for each row of `source`: format() fills in `sql`."""
    return f"SELECT object, format($${sql}$$, {arguments}) FROM {source} WHERE {where}"


def once(name: str, sql: str) -> str:
    return f"SELECT '{name}', $${sql}$$"


def on_table(
    sql: str, where: str = "true", arguments: str = "table_name", source: str = "tables"
) -> str:
    return each(source, sql, arguments, where)


def extra(sql: str) -> str:
    """Return a query that adds a part named `extra` to each table."""
    return f"""
        SELECT table_name || '.extra', format($${sql}$$, table_name, key_column) FROM tables
    """


def on_column(
    sql: str,
    where: str = "true",
    arguments: str = "table_name, column_name",
    source: str = "columns",
) -> str:
    return each(source, sql, arguments, where)


def on_constraint(
    types: str,
    sql: str,
    arguments: str = "table_name, constraint_name, columns",
    source: str = "constraints",
) -> str:
    """Return a query for constraints of the `types`, letters as in pg_constraint."""
    return each(source, sql, arguments, f"strpos('{types}', type::text) > 0")


def defined(types: str, *definitions: str, source: str = "constraints") -> str:
    """Return a query that redefines constraints; `definitions` are SQL expressions."""
    return each(
        f"{source}, unnest(ARRAY[{', '.join(definitions)}]) AS other",
        "ALTER TABLE %1$I DROP CONSTRAINT %2$I CASCADE; ALTER TABLE %1$I ADD CONSTRAINT %2$I %3$s",
        "table_name, constraint_name, other",
        f"strpos('{types}', type::text) > 0 AND other <> definition",
    )


def on_index(sql: str, where: str = "true") -> str:
    return each("indexes", sql, "index_name", where)


def indexed(*definitions: str, where: str = "true") -> str:
    """Return a query that redefines indexes; `definitions` are SQL expressions."""
    return each(
        f"indexes, unnest(ARRAY[{', '.join(definitions)}]) AS other",
        "DROP INDEX %I; %s",
        "index_name, other",
        f"other <> definition AND {where}",
    )


def on_enum(
    sql: str, arguments: str = "type_name", where: str = "true", source: str = "enums"
) -> str:
    return each(source, sql, arguments, where)
