"""The command overview, which summarizes the database and lists useful commands."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from config.postgres import read_rows
from config.project import from_root, migrated_models, own_apps, typed

COUNT_OBJECTS = """
    WITH tables AS (
        SELECT oid FROM pg_class WHERE relname = ANY(%s) AND pg_table_is_visible(oid)
    )
    SELECT (SELECT count(*) FROM pg_type WHERE typtype = 'e' AND pg_type_is_visible(oid)
               AND typnamespace <> 'pg_catalog'::regnamespace)
               AS "enum types",
           (SELECT count(*) FROM pg_constraint JOIN tables ON conrelid = tables.oid
             WHERE contype = 'f') AS "foreign keys",
           (SELECT count(*) FROM pg_index JOIN tables ON indrelid = tables.oid) AS "indexes",
           (SELECT count(*) FROM pg_constraint JOIN tables ON conrelid = tables.oid
             WHERE contype = 'c') AS "check constraints"
"""
NEXT_STEPS = {
    "fill it with made-up data": "seed_demo",
    "make an administrator": "createsuperuser",
    "open the admin site": "runserver",
    "look at the data": "dbshell",
    "compare models and migrations": "makemigrations --check",
    "compare models and database": "verify_schema",
    "roll back one app": "rollback payments",
}


class Command(BaseCommand):
    help = "Summarize what is in the database, and list useful commands."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("\n".join(overview()))


def overview() -> Iterator[str]:
    """Yield the lines to print."""
    tables = tables_by_app()
    names = [name for app_tables in tables.values() for name in app_tables]
    yield server()
    with connection.cursor() as cursor:
        existing = connection.introspection.table_names(cursor)
    if missing := set(names) - set(existing):
        yield f"{len(missing)} of the {len(names)} tables of the models are missing. Create them:"
        yield f"  {typed('migrate')}"
        return
    per_app = ", ".join(f"{label} {len(app_tables)}" for label, app_tables in tables.items())
    yield from wrap(f"{len(names)} tables of {len(tables)} apps: {per_app}", subsequent_indent="  ")
    yield ", ".join(f"{number} {kind}" for kind, number in counts(names).items())
    yield "Next:"
    width = max(map(len, NEXT_STEPS))
    yield from (f"  {aim:{width}}  {typed(args)}" for aim, args in NEXT_STEPS.items())


def server() -> str:
    """Return the server's version and address, without the password."""
    query = "SELECT split_part(current_setting('server_version'), ' ', 1)"
    [(version,)] = read_rows(connection, query)
    if directory := connection.settings_dict.get("EMBEDDED_POSTGRES_DIR"):
        return f"PostgreSQL {version}, embedded, in {from_root(directory)}"
    info = connection.connection.info
    return (
        f"PostgreSQL {version} on {info.host}, port {info.port}, "
        f"database {info.dbname}, role {info.user}"
    )


def tables_by_app() -> dict[str, list[str]]:
    """Return the tables of this project by app label, without apps that have no tables."""
    return {
        config.label: [model._meta.db_table for model in models]
        for config in own_apps()
        if (models := migrated_models(config))
    }


def counts(tables: list[str]) -> dict[str, int]:
    """Return the number of enum types, and of foreign keys, indexes and checks of `tables`."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_OBJECTS, [tables])
        labels = [column.name for column in cursor.description]
        return dict(zip(labels, cursor.fetchone(), strict=True))
