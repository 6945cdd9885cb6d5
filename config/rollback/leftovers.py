"""The objects that are still there after a rollback, looked for by name."""

from collections.abc import Sequence

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from config.migrating import removed_models, stale_content_types
from config.rollback.dropped_objects import Dropped
from config.rollback.plan import Rollback

SEQUENCES = """
    SELECT s.relname
      FROM pg_class AS s
      JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid
                         AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE s.relkind = 'S'
       AND (d.refobjid IN (SELECT to_regclass(quote_ident(name))
                             FROM unnest(%(tables)s::text[]) AS name)
            OR (d.refobjid, a.attname) IN (
                SELECT to_regclass(quote_ident(name)), attribute::name
                  FROM unnest(%(column_tables)s::text[], %(columns)s::text[])
                    AS dropped (name, attribute)))
     ORDER BY 1
"""
LEFT = """
    SELECT 'table ' || name FROM unnest(%(tables)s::text[]) AS name
     WHERE to_regclass(quote_ident(name)) IS NOT NULL
     UNION ALL
    SELECT format('column %%s.%%s', name, attname)
      FROM unnest(%(column_tables)s::text[], %(columns)s::text[]) AS dropped (name, attribute)
      JOIN pg_attribute ON attrelid = to_regclass(quote_ident(name)) AND attname = attribute
     UNION ALL
    SELECT 'enum type ' || name FROM unnest(%(types)s::text[]) AS name
      JOIN pg_type ON pg_type.oid = to_regtype(quote_ident(name)) AND typtype = 'e'
     UNION ALL
    SELECT 'sequence ' || name FROM unnest(%(sequences)s::text[]) AS name
     WHERE to_regclass(quote_ident(name)) IS NOT NULL
"""


def read_sequences(connection: BaseDatabaseWrapper, dropped: Dropped) -> list[str]:
    """Return the sequences of what is dropped. Afterwards their names are not known any longer."""
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCES, dropped.parameters)
        return [name for (name,) in cursor.fetchall()]


def check_nothing_left(
    connection: BaseDatabaseWrapper, rollback: Rollback, dropped: Dropped, sequences: Sequence[str]
) -> None:
    """Raise CommandError that names everything that is left of `rollback`, if anything is."""
    with connection.cursor() as cursor:
        cursor.execute(LEFT, dropped.parameters | {"sequences": list(sequences)})
        left = [name for (name,) in cursor.fetchall()]
    applied = MigrationRecorder(connection).applied_migrations()
    left += [f"record {'.'.join(node)}" for node in rollback.nodes if node in applied]
    # A permission cannot be left without its content type, to which it has a foreign key.
    after = rollback.after.apps
    removed = removed_models(rollback.before.apps, rollback.plan, after)
    stale = stale_content_types(removed, after, connection.alias)
    left += [f"content type {row.app_label}.{row.model}" for row in stale or ()]
    if left:
        raise CommandError(
            f"Something would be left of {rollback.what}: {', '.join(left)}. So nothing was "
            "changed. Correct what the migration does backwards, or drop it by hand first."
        )
