"""The objects of a rollback that exist: all of them before it, none of them after it."""

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from config.migrating import removed_models, stale_content_types
from config.rollback.dropped_objects import Dropped
from config.rollback.plan import Rollback

EXISTING = """
    SELECT 'table ' || name FROM unnest(%(tables)s::text[]) AS name
     WHERE to_regclass(quote_ident(name)) IS NOT NULL
     UNION ALL
    SELECT format('column %%s.%%s', name, attname)
      FROM unnest(%(column_tables)s::text[], %(columns)s::text[]) AS dropped (name, attribute)
      JOIN pg_attribute ON attrelid = to_regclass(quote_ident(name)) AND attname = attribute
     UNION ALL
    SELECT 'enum type ' || name FROM unnest(%(types)s::text[]) AS name
      JOIN pg_type ON pg_type.oid = to_regtype(quote_ident(name)) AND typtype = 'e'
"""


def check_exist(connection: BaseDatabaseWrapper, dropped: Dropped) -> None:
    """Raise CommandError if a table or column of an applied migration does not exist."""
    existing = _existing(connection, dropped)
    for migration, operations in dropped.migrations:
        for obj in [obj for undone in operations for obj in undone.objects]:
            if obj.described not in existing:
                raise CommandError(
                    f"Cannot roll back {migration}: its {obj.described} is not in the database. "
                    "Nothing was changed. manage.py verify_schema shows all differences."
                )


def check_nothing_left(
    connection: BaseDatabaseWrapper, rollback: Rollback, dropped: Dropped
) -> None:
    """Raise CommandError that names everything that is left of `rollback`, if anything is.

    What depends on a table as its sequences do, or on a content type as a permission does, cannot
    be left without it.
    """
    applied = MigrationRecorder(connection).applied_migrations()
    after = rollback.after.apps
    removed = removed_models(rollback.before.apps, rollback.plan, after)
    stale = stale_content_types(removed, after, connection.alias)
    left = [
        *_existing(connection, dropped),
        *(f"record {'.'.join(node)}" for node in rollback.nodes if node in applied),
        *(f"content type {row.app_label}.{row.model}" for row in stale or ()),
    ]
    if left:
        raise CommandError(
            f"Something would be left of {rollback.what}: {', '.join(left)}. So nothing was "
            "changed. Correct what the migration does backwards, or drop it by hand first."
        )


def _existing(connection: BaseDatabaseWrapper, dropped: Dropped) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(EXISTING, dropped.parameters)
        return [description for (description,) in cursor.fetchall()]
