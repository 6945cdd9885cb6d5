"""The SQL of a rollback as one script for psql."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from config.migrating import renamed_back, stale_content_types
from config.postgres import LEDGER
from config.postgres.enums import running
from config.rollback.rollback_transaction import Job
from config.rollback.table_locks import BLOCK_ALL, lock_statement

NOT_SQL = "-- THIS OPERATION CANNOT BE WRITTEN AS SQL"
LEGACY_MIGRATION = "contenttypes.0002_remove_content_type_name"
LEGACY_NAMES = 'UPDATE "django_content_type" SET "name" = "model";'
"""The SQL for the only Python code that Django's own migrations run backwards."""


def dry_run_script(job: Job) -> str:
    """Return the SQL of the rollback as a script for psql."""
    with running(job.rollback.plan):
        return "\n".join(_script_lines(job))


def _script_lines(job: Job) -> Iterator[str]:
    connection, rollback = job.connection, job.rollback
    quote = connection.ops.quote_name
    altered = {*job.dropped.written, *job.dropped.locked}
    yield f"-- Rolls back {rollback.scope}. To run it: psql --set ON_ERROR_STOP=on --file FILE"
    yield "BEGIN;"
    yield "SET LOCAL lock_timeout = '2s';"
    yield f"{lock_statement(connection, altered, BLOCK_ALL)};"
    loader = MigrationLoader(connection, replace_migrations=False)
    records = MigrationRecorder(connection).migration_qs
    for migration in rollback.migrations:
        yield f"\n-- {migration}"
        yield from _schema_changes(loader, migration)
        for app_label, name in [(migration.app_label, migration.name), *migration.replaces]:
            yield from _collect_sql(connection, records.filter(app=app_label, name=name).delete)
        yield "SET CONSTRAINTS ALL IMMEDIATE;"
        yield "SET CONSTRAINTS ALL DEFERRED;"
    yield from _renamed_content_types(job)
    stale = stale_content_types(rollback.removed_models, rollback.after.apps, connection.alias)
    if stale:
        yield "\n-- Content types of the removed models, and rows that refer to them"
        yield from _collect_sql(connection, stale.delete)
    if rollback.empties_ledger:
        yield "\n-- The table of migration records, which is empty now"
        yield f"DROP TABLE {quote(LEDGER)};"
    yield "\nCOMMIT;"


def _renamed_content_types(job: Job) -> Iterator[str]:
    """Yield the statements that rename content types back, as contenttypes does in pre_migrate."""
    try:
        content_types: Any = job.rollback.after.apps.get_model("contenttypes", "ContentType")
    except LookupError:
        return
    for (app_label, new), (_, old) in renamed_back(job.rollback.plan):
        rows = content_types.objects.using(job.connection.alias).filter(
            app_label=app_label, model=new
        )
        yield from _collect_sql(job.connection, partial(rows.update, model=old))


def _schema_changes(loader: MigrationLoader, migration: Migration) -> Iterator[str]:
    for line in loader.collect_sql([(migration, True)]):
        yield line
        if line == NOT_SQL and str(migration) == LEGACY_MIGRATION:
            yield LEGACY_NAMES


def _collect_sql(connection: Any, write: Callable[[], object]) -> list[str]:
    """Return the UPDATE and DELETE statements of `write` without executing them."""
    statements: list[str] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT"):
            return execute(sql, params, many, context)
        if sql.startswith(("DELETE", "UPDATE")):
            statements.append(f"{connection.ops.compose_sql(sql, params)};")
        return None

    with connection.execute_wrapper(keep):
        write()
    return statements
