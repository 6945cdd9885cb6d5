"""Objects of others that depend on what would go, and would stop a rollback halfway."""

from dataclasses import dataclass

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

from config.rollback.dropped_objects import Dropped, tables_of
from config.rollback.plan import Rollback


@dataclass(frozen=True)
class Dependent:
    """An object as PostgreSQL describes it, and what it needs of ours."""

    name: str
    needs: str

    def __str__(self) -> str:
        return f"{self.name} (needs {self.needs})"


def check_others(connection: BaseDatabaseWrapper, rollback: Rollback, gone: Dropped) -> None:
    """Raises CommandError that names all objects of others that stand in the way."""
    dependents = read_dependents(
        connection, gone, own_tables=tables_of(rollback.before, connection.alias)
    )
    if dependents:
        count = len(dependents)
        depend = "object depends" if count == 1 else "objects depend"
        raise CommandError(
            f"Cannot roll back {rollback.what}: {count} {depend} on it that no migration has made: "
            f"{', '.join(map(str, dependents))}. Nothing was changed. Drop what is in the way, or "
            "have its owner do it, and run rollback again."
        )


def read_dependents(
    connection: BaseDatabaseWrapper, gone: Dropped, own_tables: list[str]
) -> list[Dependent]:
    """What depends on `gone`, on what depends on it, and so on, and does not go with it anyway.

    What belongs to one of `own_tables` is the migrations' business. A publication is named, too:
    PostgreSQL would let its table go without a word to those who replicate it.
    """
    parameters = {
        "tables": gone.tables,
        "column_tables": [part.table for part in gone.columns],
        "columns": [part.column for part in gone.columns],
        "types": gone.enum_types,
        "own": own_tables,
    }
    with connection.cursor() as cursor:
        cursor.execute(DEPENDENTS, {name: list(value) for name, value in parameters.items()})
        return [Dependent(*row) for row in cursor.fetchall()]


# To DROP what is in `gone` takes along what depends on it automatically (its indexes, sequences,
# triggers, policies, row type) or internally; what depends on it in any other way is in the way.
DEPENDENTS = """
WITH RECURSIVE own AS (
    SELECT to_regclass(quote_ident(name))::oid AS oid FROM unnest(%(own)s::text[]) AS own (name)
     WHERE to_regclass(quote_ident(name)) IS NOT NULL
), gone (classid, objid, objsubid) AS (
    SELECT 'pg_class'::regclass::oid, to_regclass(quote_ident(name))::oid, 0
      FROM unnest(%(tables)s::text[]) AS gone (name)
     UNION ALL
    SELECT 'pg_class'::regclass::oid, attrelid, attnum::int
      FROM unnest(%(column_tables)s::text[], %(columns)s::text[]) AS gone (table_name, name)
      JOIN pg_attribute ON attrelid = to_regclass(quote_ident(table_name)) AND attname = name
     UNION ALL
    SELECT 'pg_type'::regclass::oid, to_regtype(quote_ident(name))::oid, 0
      FROM unnest(%(types)s::text[]) AS gone (name)
), found (classid, objid, objsubid, needs, goes, is_part) AS (
    SELECT classid, objid, objsubid, pg_describe_object(classid, objid, objsubid), true, true
      FROM gone WHERE objid IS NOT NULL
     UNION
    SELECT o.classid, o.objid, o.objsubid, found.needs,
           found.goes AND d.deptype IN ('a', 'i', 'P', 'S')
                      AND d.classid <> 'pg_publication_rel'::regclass,
           d.deptype <> 'n' AND d.classid <> 'pg_publication_rel'::regclass
      FROM found
      JOIN pg_depend AS d ON d.refclassid = found.classid AND d.refobjid = found.objid
                         AND found.objsubid IN (0, d.refobjsubid)
     CROSS JOIN LATERAL (
           SELECT d.classid, d.objid, d.objsubid
            WHERE d.classid <> 'pg_rewrite'::regclass
            UNION ALL
           SELECT CASE rulename WHEN '_RETURN' THEN 'pg_class'::regclass ELSE d.classid END,
                  CASE rulename WHEN '_RETURN' THEN ev_class ELSE d.objid END, 0
             FROM pg_rewrite
            WHERE d.classid = 'pg_rewrite'::regclass AND pg_rewrite.oid = d.objid
         ) AS o
     WHERE NOT EXISTS (SELECT FROM gone
                        WHERE (gone.classid, gone.objid) = (o.classid, o.objid)
                          AND gone.objsubid IN (0, o.objsubid))
       AND (o.classid, o.objid) <> (found.classid, found.objid)  -- of a view, its own rule
), dependents AS (
    SELECT classid, objid, objsubid, string_agg(DISTINCT needs, ', ') AS needs
      FROM found
     GROUP BY classid, objid, objsubid
    HAVING NOT bool_or(goes) AND NOT bool_and(is_part)
), placed AS (
    SELECT dependents.*,
           CASE classid
           WHEN 'pg_class'::regclass
               THEN coalesce((SELECT indrelid FROM pg_index WHERE indexrelid = objid), objid)
           WHEN 'pg_constraint'::regclass
               THEN (SELECT conrelid FROM pg_constraint WHERE oid = objid)
           WHEN 'pg_attrdef'::regclass
               THEN (SELECT adrelid FROM pg_attrdef WHERE oid = objid)
           END AS relation  -- that it is part of
      FROM dependents
)
SELECT pg_describe_object(classid, objid, objsubid), needs
  FROM placed
 WHERE relation IS NULL
    OR relation NOT IN (SELECT oid FROM own)
       AND (relation = objid AND objsubid = 0
            OR NOT EXISTS (SELECT FROM placed AS whole
                            WHERE whole.classid = 'pg_class'::regclass
                              AND whole.objid = placed.relation AND whole.objsubid = 0))
 ORDER BY 1
"""
