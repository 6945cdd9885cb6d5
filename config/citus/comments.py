"""The comments of tables and their parts, which Citus loses when it converts a table."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog import Schema

COMMENTS = """
WITH tables AS (
    SELECT oid FROM pg_class WHERE relnamespace = %s AND relname = ANY (%s)
)
SELECT format('COMMENT ON %%s %%s IS %%L',
              CASE WHEN o.type LIKE '%%%% column' THEN 'COLUMN'
                   WHEN o.type LIKE '%%%% constraint' THEN 'CONSTRAINT' ELSE upper(o.type) END,
              o.identity, d.description)
  FROM pg_description AS d
 CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) AS o
 WHERE d.classoid = 'pg_class'::regclass
       AND (d.objoid IN (TABLE tables)
            OR d.objoid IN (SELECT indexrelid FROM pg_index WHERE indrelid IN (TABLE tables)))
    OR d.classoid = 'pg_constraint'::regclass
       AND d.objoid IN (SELECT oid FROM pg_constraint WHERE conrelid IN (TABLE tables))
    OR d.classoid = 'pg_trigger'::regclass
       AND d.objoid IN (SELECT oid FROM pg_trigger WHERE tgrelid IN (TABLE tables))
 ORDER BY 1
"""
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = %s AND relkind IN ('r', 'p')"


@contextmanager
def kept_comments(connection: BaseDatabaseWrapper, schema: Schema) -> Iterator[None]:
    """Run the block as one transaction, and restore the comments that Citus loses meanwhile.

    Citus converts not only the named table, but also all tables that foreign keys connect to it.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(TABLES, [schema.oid])
        # Read the names before the block, because afterwards they include shards.
        parameters: list[Any] = [schema.oid, [name for (name,) in cursor.fetchall()]]
        cursor.execute(COMMENTS, parameters)
        before = [sql for (sql,) in cursor.fetchall()]
        yield
        cursor.execute(COMMENTS, parameters)
        after = {sql for (sql,) in cursor.fetchall()}
        for sql in before:
            if sql not in after:
                cursor.execute(sql)
