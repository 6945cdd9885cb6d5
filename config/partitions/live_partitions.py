"""The partitions that a table has in the database."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import split_identifier

from config.postgres import DETACHED, UNFINISHED, prefixed_name, read_rows
from config.postgres.citus import is_cluster


@dataclass(frozen=True)
class Partition:
    """A partition, or a month that was detached and not dropped."""

    name: str
    """The name in the catalog, without the schema."""
    start: datetime | None
    """The first time of the partition, in UTC; None if it has no lower bound."""
    end: datetime | None
    """The first time after the partition, in UTC; None if it has no upper bound."""
    rows: int
    """The number of rows, as the server estimates it."""
    bytes: int
    """The size with indexes and TOAST."""
    attached: bool
    has_foreign_keys: bool
    sql_name: str
    """The quoted name with the schema, which may differ from the schema of the table."""

    @property
    def is_default(self) -> bool:
        return self.attached and self.start is None and self.end is None


def read_partitions(connection: BaseDatabaseWrapper, table: str) -> list[Partition]:
    """Return the partitions of `table`, a db_table, by time, and then its default partition.

    Return an empty list if the table does not exist or is not partitioned.
    """
    parameters = {
        "table": connection.ops.quote_name(table),
        "prefix": _prefix(table),
        "unfinished": UNFINISHED,
        "detached": DETACHED,
    }
    return [
        Partition(name, _in_utc(start), _in_utc(end), *rest)
        for name, start, end, *rest in read_rows(connection, PARTITIONS, parameters)
    ]


def read_unfinished(connection: BaseDatabaseWrapper, table: str | None) -> list[str]:
    """Return the quoted names of the unfinished partitions of `table`, a db_table.

    A run is filling these partitions, or was interrupted before it attached them. If `table` is
    None, return the unfinished partitions of all tables.
    """
    name = table and connection.ops.quote_name(table)
    parameters = [UNFINISHED, name, table and _prefix(table), name]
    return [unfinished for (unfinished,) in read_rows(connection, UNFINISHED_TABLES, parameters)]


def _prefix(table: str) -> str:
    """Return the start of the names of the table's months, without the schema."""
    return split_identifier(prefixed_name(table, ""))[1]


def with_amounts(
    connection: BaseDatabaseWrapper, partitions: Sequence[Partition]
) -> list[Partition]:
    """Return the partitions. On a Citus cluster, their rows and bytes are the sums of all servers.

    Citus reads them in other sessions, so this transaction must not have altered the partitions.
    """
    amounts = {}
    if is_cluster(connection.alias):
        names = [partition.name for partition in partitions]
        sql_names = [partition.sql_name for partition in partitions]
        for name, rows, size in read_rows(connection, AMOUNTS, [names, sql_names]):
            amounts[name] = {"rows": rows, "bytes": size}
    return [replace(partition, **amounts.get(partition.name, {})) for partition in partitions]


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=UTC)


# SQL parses the bounds, because PostgreSQL prints them according to the session's settings.
# An infinite bound, or one outside the years 1 to 9999, becomes NULL: Python has no such times.
# A partition without a size has just been dropped by another session, and is left out.
PARTITIONS = r"""
    WITH parent AS (
        SELECT c.oid, relnamespace, atttypid = 'date'::regtype AS is_date,
               relnamespace::regnamespace || '.' || relname AS name,
               (SELECT array_agg(attname::text ORDER BY attname) FROM pg_attribute
                 WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
          FROM pg_class c
          JOIN pg_partitioned_table ON partrelid = c.oid
          JOIN pg_attribute ON attrelid = c.oid AND attnum = partattrs[0]
         WHERE c.oid = to_regclass(%(table)s)
    ), stated AS (
        SELECT c.oid, is_date, true AS attached, pg_get_expr(relpartbound, c.oid) AS bounds
          FROM pg_class c JOIN pg_inherits ON inhrelid = c.oid JOIN parent ON inhparent = parent.oid
         UNION ALL
        SELECT c.oid, is_date, false, description
          FROM pg_class c JOIN pg_description ON objoid = c.oid, parent
         WHERE classoid = 'pg_class'::regclass AND objsubid = 0
           AND relkind = 'r' AND NOT relispartition
           AND starts_with(description, replace(replace(
                   %(detached)s, '{table}', parent.name), '{name}', c.relname))
    ), bounds AS (
        SELECT *, (regexp_match(bounds, 'FROM \(''(.*?)''\)'))[1] AS low,
               (regexp_match(bounds, 'TO \(''(.*?)''\)'))[1] AS high
          FROM stated
    ), ranges AS (
        SELECT oid,
               CASE WHEN is_date THEN low::timestamp AT TIME ZONE 'UTC'
                    ELSE low::timestamptz END AS low,
               CASE WHEN is_date THEN high::timestamp AT TIME ZONE 'UTC'
                    ELSE high::timestamptz END AS high, attached
          FROM bounds
    ), detached AS (
        SELECT c.oid, to_date(right(relname, 7), 'YYYY_MM')::timestamp AS month
          FROM pg_class c JOIN parent USING (relnamespace)
         WHERE relkind = 'r' AND NOT relispartition
           AND starts_with(relname, %(prefix)s)
           AND substr(relname, length(%(prefix)s) + 1) ~ '^\d{4}_(0[1-9]|1[0-2])$'
           AND (SELECT array_agg(attname::text ORDER BY attname) FROM pg_attribute
                 WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) = columns
           AND obj_description(c.oid, 'pg_class') IS DISTINCT FROM %(unfinished)s
           AND c.oid NOT IN (SELECT oid FROM ranges)
    ), found AS (
        SELECT * FROM ranges
         UNION ALL
        SELECT oid, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC', false
          FROM detached
    ), sized AS (
        SELECT *, pg_total_relation_size(oid) AS size FROM found
    )
    SELECT relname,
           CASE WHEN low > '0001-01-03' AND low < '9999-12-29' THEN low AT TIME ZONE 'UTC' END,
           CASE WHEN high > '0001-01-03' AND high < '9999-12-29' THEN high AT TIME ZONE 'UTC' END,
           CASE WHEN reltuples < 0 THEN pg_stat_get_live_tuples(oid) ELSE reltuples END::bigint,
           size, attached,
           EXISTS (SELECT FROM pg_constraint WHERE conrelid = sized.oid AND contype = 'f'),
           relnamespace::regnamespace || '.' || quote_ident(relname)
      FROM sized JOIN pg_class USING (oid)
     WHERE size IS NOT NULL
     ORDER BY low IS NULL AND high IS NULL, low NULLS FIRST, relname
"""
UNFINISHED_TABLES = """
    SELECT c.relnamespace::regnamespace || '.' || quote_ident(c.relname)
      FROM pg_class AS c
     WHERE c.relkind = 'r' AND NOT c.relispartition AND obj_description(c.oid, 'pg_class') = %s
       AND (%s::text IS NULL OR starts_with(c.relname, %s) AND c.relnamespace = (
            SELECT relnamespace FROM pg_class WHERE oid = to_regclass(%s)))
     ORDER BY 1
"""
AMOUNTS = """
SELECT name, sum(amounts[1])::bigint, sum(amounts[2])::bigint
  FROM unnest(%s::text[], %s::text[]) AS wanted (name, quoted)
  JOIN pg_dist_partition ON logicalrelid = to_regclass(quoted)
 CROSS JOIN LATERAL run_command_on_shards(logicalrelid, $$
    SELECT ARRAY[CASE WHEN reltuples < 0 THEN pg_stat_get_live_tuples(oid)
                      ELSE reltuples END::bigint, pg_total_relation_size(oid)]
      FROM pg_class WHERE oid = '%%s'::regclass $$) AS shard
 CROSS JOIN LATERAL (SELECT result::bigint[]) AS read (amounts)
 WHERE success
 GROUP BY name
"""
