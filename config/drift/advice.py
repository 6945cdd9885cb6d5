"""Advice about the live schema: problems that are not drift."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import Error, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import explain
from config.drift.cluster_servers import differences_of_servers, read_answers
from config.drift.comparison import Comparison
from config.drift.live_schema import read_transaction
from config.drift.month_bounds import month_at, read_bound
from config.drift.other_schemas import SEPARATOR, dotted
from config.postgres import read_rows
from config.postgres.catalog import Schema, quote
from config.postgres.citus import MODE, SEQUENTIAL, declared_layout, is_cluster, read_layout


@dataclass(frozen=True, order=True)
class Advice:
    """A sentence of advice with a stable code: VA and two digits."""

    code: str
    message: str


def advise(connection: BaseDatabaseWrapper, comparison: Comparison) -> list[Advice]:
    """Return advice about the compared tables."""
    tables = [table for app in comparison.apps for table in app.tables]
    own = [table for app in comparison.apps if not app.package for table in app.tables]
    with read_transaction(connection) as schema:
        return read_advice(connection, schema, tables, own)


def read_advice(
    connection: BaseDatabaseWrapper, schema: Schema, tables: Collection[str], own: Collection[str]
) -> list[Advice]:
    """Return advice about `tables`, sorted by code. Only `own` tables get advice on their design.

    A database error becomes advice as well, because advice must not change the exit status. Advice
    that was read before the error is kept.
    """
    advice: list[Advice] = []
    parameters: dict[str, Any] = {"schema": schema.oid, "tables": list(tables), "own": list(own)}
    parameters["is_cluster"] = is_cluster(connection.alias)
    try:
        with transaction.atomic(using=connection.alias):
            advice += [Advice(*row) for row in read_rows(connection, ADVICE_QUERY, parameters)]
            advice += _sequence_advice(connection, parameters)
            if read_layout(connection, schema).keys() & declared_layout().keys():
                advice += _cluster_setting_advice(connection, schema.database)
                if parameters["is_cluster"]:
                    differences = differences_of_servers(read_answers(connection))
                    advice += [Advice("VA11", sentence) for sentence in differences]
            advice += _partition_advice(connection, schema, tables)
    except Error as error:
        reason = explain(error) or f"{str(error).splitlines()[0].rstrip('.')}."
        advice.append(Advice("VA00", f"Not all advice could be read: {reason}"))
    return sorted(advice)


def _sequence_advice(
    connection: BaseDatabaseWrapper, parameters: dict[str, Any]
) -> Iterator[Advice]:
    """Yield advice about sequences that have used more than four fifths of their range.

    Read the sequences themselves, because the view pg_sequences takes the same lock as nextval().
    """
    sequences = read_rows(connection, SEQUENCE_QUERY, parameters)
    if not sequences:
        return
    # PostgreSQL has quoted the names.
    selects = [f"SELECT {n}, last_value FROM {name}" for n, (name, *_) in enumerate(sequences)]  # noqa: S608
    for n, last_value in read_rows(connection, " UNION ALL ".join(selects)):
        name, maximum, next_step = sequences[n]
        if last_value > maximum * 4 // 5:
            finding = f"Sequence {name} has used {last_value} of {maximum} values."
            yield Advice("VA04", f"{finding} {next_step}")


def _cluster_setting_advice(connection: BaseDatabaseWrapper, database: str) -> Iterator[Advice]:
    """Yield advice if the distributed database lacks the setting that `distribute` makes."""
    if read_rows(connection, "SELECT current_setting(%s, true)", [MODE]) == [("parallel",)]:
        yield Advice(
            "VA10",
            f"Database {database} lacks the setting {SEQUENTIAL}, so transactions that change "
            "several tables fail. manage.py distribute sets it.",
        )


def _partition_advice(
    connection: BaseDatabaseWrapper, schema: Schema, tables: Collection[str]
) -> Iterator[Advice]:
    """Yield advice about rows in default partitions, and about months without a partition."""
    parameters = [list(tables), [_quoted_table(table, schema) for table in tables]]
    for name, default, has_rows, bounds, now in read_rows(connection, PARTITIONED, parameters):
        table = dotted(name)
        if has_rows or (has_rows is None and _has_rows(connection, default)):
            yield Advice(
                "VA08",
                f"Default partition {default} of table {table} has rows of months without a "
                "partition. manage.py partitions --from YYYY-MM creates these months and moves the "
                "rows.",
            )
        if not _has_coming_partitions(bounds, now.astimezone(UTC)):
            yield Advice(
                "VA09",
                f"Table {table} lacks a partition for the rest of this month or for the next "
                "month. manage.py partitions --ahead 6 creates the coming months.",
            )


def _quoted_table(table: str, schema: Schema) -> str:
    names = table.split(SEPARATOR) if SEPARATOR in table else [schema.name, table]
    return ".".join(map(quote, names))


def _has_rows(connection: BaseDatabaseWrapper, partition: str) -> bool:
    # PostgreSQL has quoted the name.
    [(has_rows,)] = read_rows(connection, f"SELECT EXISTS (SELECT 1 FROM {partition})")  # noqa: S608
    return bool(has_rows)


def _has_coming_partitions(bounds: Sequence[Any], now: datetime) -> bool:
    """Return whether partitions cover the time until the end of the next month.

    Return True if no month of the table has been created yet.
    """
    ranges = sorted(bound for text in bounds or () if (bound := read_bound(text)))
    covered, end = now, month_at(month_at(now).end).end
    for bound in ranges:
        if bound.start <= covered < bound.end:
            covered = bound.end
    return covered >= end or not ranges


ADVICE_QUERY = """
WITH tables AS (
    SELECT oid, relname, relname = ANY (%(own)s) AS own FROM pg_class
     WHERE relnamespace = %(schema)s AND relkind IN ('r', 'p') AND relname = ANY (%(tables)s)
), keys AS (
    SELECT k.conname, k.conkey, k.conrelid, t.relname AS table_name
      FROM pg_constraint AS k
      JOIN tables AS t ON t.oid = k.conrelid AND t.own
     WHERE k.contype = 'f'
), indexes AS (
    SELECT i.*, x.relname, x.relam, x.relpages, t.relname AS table_name, t.own,
           string_to_array(i.indkey::text, ' ')::smallint[] AS columns
      FROM pg_index AS i
      JOIN pg_class AS x ON x.oid = i.indexrelid
      JOIN tables AS t ON t.oid = i.indrelid
), integers AS MATERIALIZED (  -- the cast to bigint must not see columns of other types
    SELECT t.relname, a.attname, a.atttypid, s.histogram_bounds, s.most_common_vals
      FROM tables AS t
      JOIN pg_attribute AS a ON a.attrelid = t.oid
      JOIN pg_stats AS s ON s.schemaname = %(schema)s::regnamespace::text
                        AND s.tablename = t.relname AND s.attname = a.attname
     WHERE a.atttypid IN ('smallint'::regtype, 'integer'::regtype)
)
SELECT 'VA01', format('Foreign key %%s of table %%s has no index, so deleting a referenced row'
                      ' reads the whole table.', conname, table_name)
  FROM keys
 WHERE NOT EXISTS (
     SELECT FROM indexes AS i
      WHERE i.indrelid = keys.conrelid AND i.indisvalid
        AND (i.indpred IS NULL  -- or the index omits only rows whose foreign key is null
             OR pg_get_expr(i.indpred, i.indrelid) = format('(%%I IS NOT NULL)', (
                 SELECT attname FROM pg_attribute
                  WHERE attrelid = i.indrelid AND attnum = keys.conkey[1])))
        AND (i.columns[1:cardinality(keys.conkey)] @> keys.conkey
             -- A key on a cluster also has the distribution column: one indexed column is enough.
             OR %(is_cluster)s AND i.columns[1] = ANY (keys.conkey)))
UNION ALL
SELECT 'VA02', format('Index %%s of table %%s is redundant: %%s begins with the same columns.',
                      short.relname, short.table_name, long.relname)
  FROM indexes AS short
  JOIN indexes AS long ON long.indrelid = short.indrelid AND long.indexrelid <> short.indexrelid
 WHERE short.own AND NOT short.indisunique AND NOT short.indisexclusion AND long.indisvalid
   AND long.columns[1:short.indnatts] = short.columns
   AND short.indnkeyatts <= long.indnkeyatts
   AND long.indclass::text || ' ' LIKE short.indclass::text || ' %%'
   AND long.indcollation::text || ' ' LIKE short.indcollation::text || ' %%'
   AND long.indoption::text || ' ' LIKE short.indoption::text || ' %%'
   AND 0 <> ALL (short.columns)
   AND pg_get_expr(short.indpred, short.indrelid)
       IS NOT DISTINCT FROM pg_get_expr(long.indpred, long.indrelid)
   AND short.relam = long.relam
   -- On a cluster the primary key holds the distribution column, too.
   AND NOT (%(is_cluster)s AND long.indisprimary AND long.indnkeyatts > 1)
   AND (short.indnatts < long.indnatts OR long.indisunique OR short.indexrelid > long.indexrelid)
UNION ALL
SELECT 'VA03', format('Index %%s of table %%s has not been used since %%s.',
                      i.relname, i.table_name,
                      coalesce(d.stats_reset::date::text, 'the statistics began'))
  FROM indexes AS i
  JOIN pg_stat_user_indexes AS s ON s.indexrelid = i.indexrelid
  JOIN pg_stat_database AS d ON d.datname = current_database()
 WHERE s.idx_scan = 0 AND NOT i.indisunique AND NOT i.indisexclusion
   AND i.relpages > 128  -- 1 MB: smaller indexes cost little
UNION ALL
SELECT 'VA05', format('Index %%s of table %%s is invalid. If no session is building the index,'
                      ' drop it or REINDEX it.', relname, table_name)
  FROM indexes WHERE NOT indisvalid
UNION ALL
SELECT 'VA06', format('Table %%s has rows but was never analysed, so query plans are guesses.'
                      ' Run ANALYZE %%I;',
                      t.relname, t.relname)
  FROM tables AS t
  JOIN pg_stat_user_tables AS s ON s.relid = t.oid
 WHERE s.last_analyze IS NULL AND s.last_autoanalyze IS NULL
   AND 1000 < s.n_live_tup + coalesce((  -- autovacuum never analyses a partitioned table itself
       SELECT sum(part.n_live_tup) FROM pg_inherits
         JOIN pg_stat_user_tables AS part ON part.relid = inhrelid WHERE inhparent = t.oid), 0)
UNION ALL
SELECT 'VA07', format('Column %%s of table %%s holds values up to %%s; its type allows at'
                      ' most %%s. Migrate the column to bigint.',
                      attname, relname, highest, maximum)
  FROM (SELECT *, CASE atttypid WHEN 'smallint'::regtype THEN 32767 ELSE 2147483647 END AS maximum,
               (SELECT max(value)
                  FROM unnest(coalesce(histogram_bounds::text::bigint[], '{}')
                              || most_common_vals::text::bigint[]) AS value) AS highest
          FROM integers) AS filled
 WHERE highest > maximum / 5 * 4
"""

# A sequence that belonged to a serial column keeps its type when the column becomes bigint.
SEQUENCE_QUERY = """
SELECT s.seqrelid::regclass::text, least(s.seqmax, of_column.maximum),
       CASE WHEN s.seqmax < of_column.maximum
            THEN format('Run ALTER SEQUENCE %%s AS %%s NO MAXVALUE;',
                        s.seqrelid::regclass, a.atttypid::regtype)
            ELSE 'Migrate its column to bigint.' END
  FROM pg_sequence AS s
  JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid
                     AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
  JOIN pg_class AS t ON t.oid = d.refobjid
  JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
 CROSS JOIN LATERAL (SELECT CASE a.atttypid WHEN 'smallint'::regtype THEN 32767
                                            WHEN 'integer'::regtype THEN 2147483647
                                            ELSE 9223372036854775807 END) AS of_column (maximum)
 WHERE t.relnamespace = %(schema)s AND t.relname = ANY (%(tables)s)
   AND s.seqincrement > 0 AND has_sequence_privilege(s.seqrelid, 'SELECT')
"""

# A role that may not read the default partition gets has_rows from the statistics. For other roles
# has_rows is NULL, and _has_rows() reads the partition.
PARTITIONED = """
SELECT wanted.name, d.oid::regclass::text,
       CASE WHEN d.oid IS NULL THEN false
            WHEN has_table_privilege(d.oid, 'SELECT') THEN NULL
            ELSE pg_stat_get_live_tuples(d.oid) > 0 END,
       (SELECT array_agg(pg_get_expr(c.relpartbound, c.oid))
          FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
         WHERE i.inhparent = p.partrelid),
       now()
  FROM unnest(%s::text[], %s::text[]) AS wanted (name, quoted)
  JOIN pg_partitioned_table AS p ON p.partrelid = to_regclass(wanted.quoted)
  LEFT JOIN pg_class AS d ON d.oid = p.partdefid
 WHERE p.partstrat = 'r'
 ORDER BY wanted.name
"""
