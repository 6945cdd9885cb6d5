"""The models -> what PostgreSQL makes of them -> `Catalog`.

PostgreSQL itself renders the expectation: the tables are created in `pg_temp`, read back by the
reader of the live schema, and rolled back.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, cast

from django.apps import apps
from django.db import models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from config.database.catalog import Catalog, read_catalog
from config.database.fields import enum_field


def read_expected(connection: BaseDatabaseWrapper) -> Catalog:
    """What the models make, on the server behind `connection`. Leaves nothing behind.

    Raises django.db.DatabaseError if the role may not make temporary tables.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('search_path', 'pg_temp, ' || current_setting('search_path'), true)"
        )
        create_tables(connection, migrated_models(connection.alias))
        cursor.execute("SELECT pg_my_temp_schema()")
        catalog = read_catalog(connection, cursor.fetchone()[0])
        transaction.set_rollback(True, using=connection.alias)
    return catalog


def migrated_models(alias: str) -> list[type[models.Model]]:
    """The models whose tables migrations make in the database `alias`, Django's own too.

    As migrations have them, which matters for the key of a many-to-many table.
    """
    state = ProjectState.from_apps(apps).apps
    return [
        model
        for model in [*state.get_models(), cast(type[models.Model], MigrationRecorder.Migration)]
        if model._meta.managed
        and not model._meta.proxy
        and not model._meta.swapped
        and router.allow_migrate_model(alias, model)
    ]


def fingerprint(connection: BaseDatabaseWrapper) -> str:
    """A digest of the SQL that the models come to on this server; runs none of it."""
    statements = create_tables(connection, migrated_models(connection.alias), collect_sql=True)
    return sha256("\n".join(statements).encode()).hexdigest()[:16]


def create_tables(
    connection: BaseDatabaseWrapper, wanted: Sequence[type[models.Model]], collect_sql: bool = False
) -> list[str]:
    """Create the tables of `wanted` and their enum types, or only say with which SQL."""
    enums = {
        enum.type_name: enum
        for model in wanted
        for field in model._meta.local_fields
        if (enum := enum_field(field))
    }
    editor: Any
    with connection.schema_editor(collect_sql=collect_sql) as editor:
        for enum in enums.values():
            editor.create_enum(enum.type_name, enum.labels)
        for model in wanted:
            editor.create_model(model)
    return [str(statement) for statement in editor.collected_sql] if collect_sql else []
