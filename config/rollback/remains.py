"""The check that a rollback leaves nothing of its migrations behind."""

from collections.abc import Iterator

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from config.migrating import removed_models, stale_content_types
from config.postgres.enums import CreateEnum, database_operations, enum_types, find_enum
from config.rollback.rollback_plan import Rollback


def check_nothing_left(connection: BaseDatabaseWrapper, rollback: Rollback) -> None:
    """Raise CommandError if enum types, migration records or content types are left.

    Tables need no check, because undoing CreateModel drops the table or fails.
    """
    applied = MigrationRecorder(connection).applied_migrations()
    after = rollback.after.apps
    removed = removed_models(rollback.before.apps, rollback.plan, after)
    stale = stale_content_types(removed, after, connection.alias)
    left = [
        *(f"enum type {name}" for name in _enum_types_left(connection, rollback)),
        *(f"record {'.'.join(node)}" for node in rollback.nodes if node in applied),
        *(f"content type {row.app_label}.{row.model}" for row in stale or ()),
    ]
    if left:
        raise CommandError(
            f"The rollback of {rollback.scope} would leave {', '.join(left)}. Nothing was changed. "
            "Correct the reverse operation of the migration, or remove this by hand first."
        )


def _enum_types_left(connection: BaseDatabaseWrapper, rollback: Rollback) -> Iterator[str]:
    """Yield the names of the existing enum types that the migrations have created."""
    stay = enum_types(rollback.after)
    for migration in rollback.migrations:
        for operation in database_operations(migration.operations):
            if (
                isinstance(operation, CreateEnum)
                and operation.name not in stay
                and find_enum(connection, operation.name)
            ):
                yield operation.name
