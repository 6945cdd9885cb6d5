"""The models -> what PostgreSQL makes of them -> `Catalog`.

PostgreSQL itself renders the expectation: the tables are created in `pg_temp`, read back by the
reader of the live schema, and rolled back.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import batched
from typing import Any, cast

from django.apps import apps
from django.db import models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from config.postgres.catalog import (
    Attributes,
    Catalog,
    Key,
    check_may_create_temporary,
    read_catalog,
)
from config.postgres.enums import EnumField, enum_field

# A new table holds some seven locks until the end of the transaction, and all sessions of a server
# share 64 for each connection that it allows.
TABLES_AT_ONCE = 400

type Model = type[models.Model]


def read_expected(connection: BaseDatabaseWrapper) -> Catalog:
    """What the models make, on the server behind `connection`. Leaves nothing behind.

    Raises CatalogError if the role may not make temporary tables here.
    """
    check_may_create_temporary(connection)
    catalog: dict[Key, Attributes] = {}
    for wanted in batched(migrated_models(connection.alias), TABLES_AT_ONCE):
        catalog |= _read_made(connection, wanted)
    return catalog


def fingerprint(connection: BaseDatabaseWrapper) -> str:
    """A digest of the SQL that the models come to on this server; runs none of it."""
    sql = "\n".join(statements(connection, migrated_models(connection.alias)))
    return sha256(sql.encode()).hexdigest()[:16]


def migrated_models(alias: str) -> list[Model]:
    """The models whose tables migrations make in the database `alias`, Django's own too.

    As migrations have them, which matters for the key of a many-to-many table.
    """
    state = ProjectState.from_apps(apps).apps
    return [
        model
        for model in [*state.get_models(), cast(Model, MigrationRecorder.Migration)]
        if model._meta.managed
        and not model._meta.proxy
        and not model._meta.swapped
        and router.allow_migrate_model(alias, model)
    ]


def statements(connection: BaseDatabaseWrapper, wanted: Sequence[Model]) -> list[str]:
    """The SQL that makes the tables of `wanted` and all that they refer to."""
    others = [model for model in dict.fromkeys(_referred_to(wanted)) if model not in wanted]
    enums = {enum.type_name: enum for enum in _enums([*others, *wanted])}
    editor: Any
    with connection.schema_editor(collect_sql=True) as editor:
        for enum in enums.values():
            editor.create_enum(enum.type_name, enum.labels)
        for model in others:
            editor.create_model(model)
        editor.deferred_sql.clear()  # their own foreign keys, which would lead to still others
        for model in wanted:
            editor.create_model(model)
    return [str(statement) for statement in editor.collected_sql]


def _read_made(connection: BaseDatabaseWrapper, wanted: Sequence[Model]) -> Catalog:
    names = {enum.type_name for enum in _enums(wanted)} | set(_tables(wanted))
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('search_path', 'pg_temp, ' || current_setting('search_path'), true)"
        )
        cursor.execute("\n".join(statements(connection, wanted)))
        cursor.execute("SELECT pg_my_temp_schema()")
        made = read_catalog(connection, cursor.fetchone()[0])
        transaction.set_rollback(True, using=connection.alias)
    return {key: made[key] for key in made if (key.table or key.name) in names}


def _enums(wanted: Iterable[Model]) -> Iterator[EnumField]:
    for model in wanted:
        for field in model._meta.local_fields:
            if enum := enum_field(field):
                yield enum


def _tables(wanted: Iterable[Model]) -> Iterator[str]:
    """The tables of `wanted`, and those that a many-to-many field brings along."""
    for model in wanted:
        yield model._meta.db_table
        for field in model._meta.local_many_to_many:
            yield field.m2m_db_table()


def _referred_to(wanted: Iterable[Model]) -> Iterator[Model]:
    for model in wanted:
        relations: list[Any] = [*model._meta.local_fields, *model._meta.local_many_to_many]
        for field in relations:
            if field.remote_field:
                yield field.remote_field.model._meta.concrete_model
