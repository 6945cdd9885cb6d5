"""The contents of a database, by queries that share nothing with those of the project.

The queries read all schemas except those of PostgreSQL itself.
"""

import re
from typing import Any, NamedTuple

from tests.support.migrations import dump, run_sql


class DatabaseObject(NamedTuple):
    """An object of the database; `number` is that of a column, or 0."""

    catalog: str
    oid: int
    number: int
    kind: str
    schema: str
    name: str
    """The name. For a part of a table, the name of the table and \\1 precede it."""
    definition: str

    @property
    def line(self) -> str:
        return f"{self.kind} {self.schema}.{self.name}: {self.definition}"

    @property
    def identity(self) -> tuple[str, int, int]:
        return self.catalog, self.oid, self.number


def objects() -> list[DatabaseObject]:
    return [DatabaseObject(*row) for query in QUERIES for row in run_sql(OURS + query)]


def lines(found: list[DatabaseObject] | None = None) -> list[str]:
    """Return a line for each object, sorted."""
    return sorted(item.line for item in (objects() if found is None else found))


def tables(found: list[DatabaseObject]) -> list[DatabaseObject]:
    return [item for item in found if item.kind in ("table", "partitioned table")]


def quoted(*names: str) -> str:
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def rows() -> dict[str, Any]:
    """Return the number and a checksum of the rows of each table, and each sequence's value."""
    contents: dict[str, Any] = {
        f"{each.schema}.{each.name}": run_sql(CHECKSUM.format(quoted(each.schema, each.name)))[0]
        for each in tables(objects())
    }
    for schema, name in run_sql("SELECT schemaname, sequencename FROM pg_sequences"):
        last = run_sql(f"SELECT last_value, is_called FROM {quoted(schema, name)}")
        contents[f"{schema}.{name}"] = last[0]
    return contents


def dump_lines() -> list[str]:
    """Return the lines that pg_dump writes, except those with a date or a version."""
    return [line for line in dump() if not re.match("-- (Dumped|Started|Completed)", line)]


def values(item: DatabaseObject) -> int:
    """Return the number of rows of a table, or of values of a column that are not NULL."""
    if item.kind == "column":
        table, column = item.name.split("\1")
        sql = f"SELECT count({quoted(column)}) FROM {quoted(item.schema, table)}"
    elif item.kind in ("table", "partitioned table"):
        sql = f"SELECT count(*) FROM {quoted(item.schema, item.name)}"
    else:
        return 0
    return int(run_sql(sql)[0][0])


CHECKSUM = """
    SELECT count(*), md5(string_agg(digest, '' ORDER BY digest))
      FROM (SELECT md5(t::text) AS digest FROM {} AS t) AS rows
"""
OURS = """
    WITH ours AS (
        SELECT oid, nspname FROM pg_namespace
         WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    ), relation AS (
        SELECT c.*, nspname FROM pg_class AS c JOIN ours ON ours.oid = relnamespace
    )
"""
QUERIES = (
    """
    SELECT 'pg_namespace', oid::int8, 0, 'schema', nspname, '', '' FROM ours
    """,
    """
    SELECT 'pg_class', c.oid::int8, 0,
           CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                        WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
                        WHEN 'S' THEN CASE WHEN EXISTS (
                            SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass
                               AND objid = c.oid AND deptype IN ('a', 'i'))
                        THEN 'owned sequence' ELSE 'sequence' END END,
           nspname, relname,
           concat_ws(' ', relpersistence::text, relowner::regrole, reloptions::text, relacl::text,
                     relrowsecurity, relforcerowsecurity, relreplident::text,
                     obj_description(c.oid, 'pg_class'), pg_get_partkeydef(c.oid),
                     CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
                     (SELECT concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmax,
                                       seqmin, seqcache, seqcycle)
                        FROM pg_sequence WHERE seqrelid = c.oid))
      FROM relation AS c WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    """,
    """
    SELECT 'pg_class', c.oid::int8, attnum, 'column', nspname, relname || E'\\1' || attname,
           concat_ws(' ', format_type(atttypid, atttypmod),
                     CASE WHEN attnotnull THEN 'not null' END,
                     attidentity::text, attgenerated::text,
                     pg_get_expr(adbin, adrelid), attcollation::regcollation, attstorage::text,
                     attcompression::text, col_description(c.oid, attnum))
      FROM relation AS c JOIN pg_attribute ON attrelid = c.oid
      LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE relkind IN ('r', 'p', 'f') AND attnum > 0 AND NOT attisdropped
    """,
    """
    SELECT 'pg_constraint', k.oid::int8, 0, 'constraint', nspname,
           coalesce(relname, typname) || E'\\1' || conname,
           concat_ws(' ', pg_get_constraintdef(k.oid), convalidated,
                     obj_description(k.oid, 'pg_constraint'))
      FROM pg_constraint AS k JOIN ours ON ours.oid = connamespace
      LEFT JOIN pg_class AS c ON c.oid = conrelid LEFT JOIN pg_type AS t ON t.oid = contypid
    """,
    """
    SELECT 'pg_class', c.oid::int8, 0, 'index', c.nspname, t.relname || E'\\1' || c.relname,
           concat_ws(' ', pg_get_indexdef(c.oid), indisvalid, indisunique, indisprimary,
                     c.reloptions::text)
      FROM relation AS c JOIN pg_index ON indexrelid = c.oid JOIN pg_class AS t ON t.oid = indrelid
    """,
    """
    SELECT 'pg_trigger', g.oid::int8, 0, 'trigger', nspname, relname || E'\\1' || tgname,
           pg_get_triggerdef(g.oid) || tgenabled::text
      FROM pg_trigger AS g JOIN relation AS c ON c.oid = tgrelid WHERE NOT tgisinternal
    """,
    """
    SELECT 'pg_policy', p.oid::int8, 0, 'policy', nspname, relname || E'\\1' || polname,
           concat_ws(' ', polcmd::text, polroles::text, pg_get_expr(polqual, polrelid))
      FROM pg_policy AS p JOIN relation AS c ON c.oid = polrelid
    """,
    """
    SELECT 'pg_type', t.oid::int8, 0,
           CASE typtype WHEN 'e' THEN 'enum type' WHEN 'd' THEN 'domain' ELSE 'type' END,
           nspname, typname,
           concat_ws(' ', typowner::regrole, obj_description(t.oid, 'pg_type'), typdefault,
                     CASE typtype WHEN 'd' THEN format_type(typbasetype, typtypmod) END,
                     (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)
                        FROM pg_enum WHERE enumtypid = t.oid),
                     (SELECT string_agg(attname || ' ' || atttypid::regtype, ', ' ORDER BY attnum)
                        FROM pg_attribute WHERE attrelid = typrelid AND attnum > 0))
      FROM pg_type AS t JOIN ours ON ours.oid = typnamespace
      LEFT JOIN pg_class AS c ON c.oid = typrelid
     WHERE typtype IN ('e', 'd', 'r') OR typtype = 'c' AND c.relkind = 'c'
    """,
    """
    SELECT 'pg_proc', p.oid::int8, 0, 'function', nspname, proname, pg_get_functiondef(p.oid)
      FROM pg_proc AS p JOIN ours ON ours.oid = pronamespace WHERE prokind IN ('f', 'p')
    """,
    """
    SELECT 'pg_collation', l.oid::int8, 0, 'collation', nspname, collname,
           concat_ws(' ', collprovider::text, collcollate, collctype)
      FROM pg_collation AS l JOIN ours ON ours.oid = collnamespace
    """,
)
