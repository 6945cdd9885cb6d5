"""The SQL of a rollback, as one script for psql. Runs none of it."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from config.migrating import stale_content_types
from config.postgres.enums import running
from config.rollback.locks import STOP_ALL, tables_to_lock
from config.rollback.objects import LEDGER, renames
from config.rollback.run import Job

NOT_SQL = "-- THIS OPERATION CANNOT BE WRITTEN AS SQL"
LEGACY_NAMES = (
    "contenttypes.0002_remove_content_type_name",
    'UPDATE "django_content_type" SET "name" = "model";',
)


def script(job: Job) -> str:
    with running(job.rollback.plan):
        return "\n".join(_lines(job))


def _lines(job: Job) -> Iterator[str]:
    connection, gone = job.connection, job.gone
    quote = connection.ops.quote_name
    tables = ", ".join(map(quote, tables_to_lock(connection, gone)))
    yield f"-- Takes back {job.rollback.what}. To run it: psql --set ON_ERROR_STOP=on --file FILE"
    yield "BEGIN;"
    yield "SET LOCAL lock_timeout = '2s';"
    yield f"LOCK TABLE {tables} IN {STOP_ALL} MODE;"
    loader = MigrationLoader(connection, replace_migrations=False)
    for migration in job.rollback.migrations:
        yield f"\n-- {migration}"
        yield from _schema_changes(loader, migration)
        for app_label, name in [(migration.app_label, migration.name), *migration.replaces]:
            yield from _written(
                connection,
                MigrationRecorder(connection).migration_qs.filter(app=app_label, name=name).delete,
            )
        yield "SET CONSTRAINTS ALL IMMEDIATE;"
        yield "SET CONSTRAINTS ALL DEFERRED;"
    yield from _renamed(job)
    stale = stale_content_types(gone.models, job.rollback.after.apps, connection.alias)
    if stale:
        yield "\n-- Content types of the models that are gone, and what depends on them"
        yield from _written(connection, stale.delete)
    if job.rollback.empties_ledger:
        yield "\n-- The record of migrations, which is empty now"
        yield f"DROP TABLE {quote(LEDGER)};"
    yield "\nCOMMIT;"


def _renamed(job: Job) -> Iterator[str]:
    """Content types of models that get their old name back, as Django's own receiver does it."""
    try:
        content_types: Any = job.rollback.after.apps.get_model("contenttypes", "ContentType")
    except LookupError:
        return
    for (app_label, new), (_, old) in renames(job.rollback):
        rows = content_types.objects.using(job.connection.alias).filter(
            app_label=app_label, model=new
        )
        yield from _written(job.connection, partial(rows.update, model=old))


def _schema_changes(loader: MigrationLoader, migration: Migration) -> Iterator[str]:
    """With the one piece of Python that Django's own migrations need to go back."""
    for line in loader.collect_sql([(migration, True)]):
        yield line
        if line == NOT_SQL and str(migration) == LEGACY_NAMES[0]:
            yield LEGACY_NAMES[1]


def _written(connection: Any, write: Callable[[], object]) -> list[str]:
    """The statements by which `write` would change rows; it does not."""
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
