"""What is no drift, but what a DBA would want to know about the live schema."""

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from config.database.catalog import Schema


@dataclass(frozen=True)
class Advice:
    """A stable code, VA and two digits, and a sentence."""

    code: str
    message: str


def read_advice(connection: BaseDatabaseWrapper, schema: Schema) -> list[Advice]:
    """All advice about the tables in `schema`, sorted by code."""
    with connection.cursor() as cursor:
        cursor.execute(ADVICE, {"schema": schema.oid})
        return [Advice(code, message) for code, message in cursor.fetchall()]


# A sequence is running out, or an integer that counts: more than four fifths of it are used.
ADVICE = """
WITH keys AS (
    SELECT k.conrelid, k.conname, k.conkey FROM pg_constraint AS k
      JOIN pg_class AS c ON c.oid = k.conrelid
     WHERE c.relnamespace = %(schema)s AND k.contype = 'f'
), indexes AS (
    SELECT i.*, x.relname, c.relname AS table_name,
           string_to_array(i.indkey::text, ' ')::smallint[] AS columns
      FROM pg_index AS i
      JOIN pg_class AS x ON x.oid = i.indexrelid
      JOIN pg_class AS c ON c.oid = i.indrelid
     WHERE c.relnamespace = %(schema)s
)
SELECT 'VA01', format('Foreign key %%s of table %%s has no index: deleting what it refers to reads'
                      ' the whole table.', conname, conrelid::regclass)
  FROM keys
 WHERE NOT EXISTS (
     SELECT FROM indexes AS i
      WHERE i.indrelid = keys.conrelid AND i.indpred IS NULL
        AND i.columns[1:cardinality(keys.conkey)] @> keys.conkey)
UNION ALL
SELECT 'VA02', format('Index %%s of table %%s is redundant: %%s begins with the same columns.',
                      short.relname, short.table_name, long.relname)
  FROM indexes AS short
  JOIN indexes AS long ON long.indrelid = short.indrelid AND long.indexrelid <> short.indexrelid
 WHERE NOT short.indisunique
   AND long.columns[1:short.indnatts] = short.columns
   AND long.indclass::text LIKE short.indclass::text || '%%'
   AND long.indoption::text LIKE short.indoption::text || '%%'
   AND 0 <> ALL (short.columns)
   AND short.indpred IS NOT DISTINCT FROM long.indpred
   AND (SELECT relam FROM pg_class WHERE oid = short.indexrelid)
       = (SELECT relam FROM pg_class WHERE oid = long.indexrelid)
   AND (short.indnatts < long.indnatts OR long.indisunique OR short.indexrelid > long.indexrelid)
UNION ALL
SELECT 'VA03', format('Index %%s of table %%s was not used since %%s.', s.indexrelname, s.relname,
                      coalesce(d.stats_reset::date::text, 'the statistics began'))
  FROM pg_stat_user_indexes AS s
  JOIN indexes AS i ON i.indexrelid = s.indexrelid
  JOIN pg_stat_database AS d ON d.datname = current_database()
 WHERE s.idx_scan = 0 AND NOT i.indisunique AND pg_relation_size(s.indexrelid) > 1024 * 1024
UNION ALL
SELECT 'VA04', format('Sequence %%s has used %%s of %%s.', sequencename, last_value, max_value)
  FROM pg_sequences
 WHERE schemaname = %(schema)s::regnamespace::text AND last_value > max_value / 5 * 4
UNION ALL
SELECT 'VA05', format('Index %%s of table %%s is invalid, left over by a build that failed: drop it'
                      ' or REINDEX.', relname, table_name)
  FROM indexes WHERE NOT indisvalid
UNION ALL
SELECT 'VA06', format('Table %%s has rows but was never analysed; plans are guesses. ANALYZE %%s;',
                      relname, relname)
  FROM pg_stat_user_tables
 WHERE schemaname = %(schema)s::regnamespace::text AND n_live_tup > 1000
   AND last_analyze IS NULL AND last_autoanalyze IS NULL
 ORDER BY 1, 2
"""
