"""The expected schema, which PostgreSQL creates from the models.

The tables are created in `pg_temp`, read with the same queries as the live schema, and rolled back.
PostgreSQL therefore prints the definitions of both schemas.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import batched, count
from typing import Any, cast

import psycopg
from django.apps import apps
from django.db import ProgrammingError, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.db.models import Model
from psycopg import errors

from config.drift.other_schemas import (
    SEPARATOR,
    as_live,
    read_other_tables,
    remove_from_search_path,
    temporary_name,
)
from config.postgres import execute, read_rows
from config.postgres.catalog import (
    Attributes,
    Catalog,
    CatalogError,
    Key,
    Schema,
    check_may_create_temporary,
    read_catalog,
    read_needed,
    read_relations,
    read_schema,
)
from config.postgres.enums import EnumField, enum_field

# A new table takes about seven locks until the transaction ends. All sessions share a lock table
# with 64 entries for each allowed connection.
TABLES_AT_ONCE = 400

TEMPORARY_FIRST = """
SELECT set_config('search_path', 'pg_temp, ' || current_setting('search_path'), true)
"""

UNDEFINED = (
    errors.InvalidSchemaName,
    errors.UndefinedFunction,
    errors.UndefinedObject,
    errors.UndefinedTable,
)
"""The errors of a statement that names a missing object."""

NEEDED_BY = "needed by"
"""The attribute of a missing object that lists the tables which depend on it."""


def read_expected(connection: BaseDatabaseWrapper) -> Catalog:
    """Return the schema that PostgreSQL creates from the models, and roll it back.

    An object has no attributes if the models only refer to it, for example the table of an
    unmanaged model. Neither has a table that cannot be created because it needs a missing object.
    Raise CatalogError if the role may not create temporary tables.
    """
    check_may_create_temporary(connection)
    schema = read_schema(connection)
    unmanaged = read_relations(connection, schema, _unmanaged_tables(connection.alias))
    catalog: dict[Key, Attributes] = {key: {} for key in unmanaged}
    missing: defaultdict[str, list[str]] = defaultdict(list)
    for models_of_schema in _group_by_schema(expected_models(connection.alias)):
        for models in batched(models_of_schema, TABLES_AT_ONCE):
            catalog |= _read_creatable(connection, schema, models, missing)
    return catalog | {
        Key("object", "", name): {NEEDED_BY: sorted(tables)} for name, tables in missing.items()
    }


def read_complete(connection: BaseDatabaseWrapper) -> Catalog:
    """Return the same as read_expected(). Raise CatalogError if a table cannot be created."""
    expected = read_expected(connection)
    for key, attributes in expected.items():
        tables: Any = attributes.get(NEEDED_BY)
        if tables:
            raise CatalogError(
                f"Table {tables[0]} depends on the {key.name}, which is missing. Run "
                "manage.py migrate, or create it."
            )
    return expected


def expected_models(alias: str) -> list[type[Model]]:
    """Return the models, Django's included, whose tables migrations create in database `alias`.

    Read the models from a migration state, because in the apps, the primary key of a many-to-many
    table may have another type.
    """
    state = ProjectState.from_apps(apps).apps
    return [
        model
        for model in [*state.get_models(), cast(type[Model], MigrationRecorder.Migration)]
        if model._meta.can_migrate(alias) and router.allow_migrate_model(alias, model)
    ]


def _group_by_schema(models: Iterable[type[Model]]) -> Iterable[Sequence[type[Model]]]:
    """Group the models by schema, because derived names are unique only within a schema."""
    groups: defaultdict[str, list[type[Model]]] = defaultdict(list)
    for model in models:
        groups[model._meta.db_table.rpartition(SEPARATOR)[0]].append(model)
    return groups.values()


def _unmanaged_tables(alias: str) -> list[str]:
    return [
        model._meta.db_table
        for model in apps.get_models()
        if not model._meta.managed and not model._meta.proxy
        if router.allow_migrate_model(alias, model)
    ]


def creation_sql(connection: BaseDatabaseWrapper, models: Sequence[type[Model]]) -> list[str]:
    """Return the statements that create the tables of `models` and the tables they refer to."""
    referred_to = [model for model in dict.fromkeys(_related_models(models)) if model not in models]
    enums = {enum.type_name: enum for enum in _enum_fields([*referred_to, *models])}
    editor: Any
    with connection.schema_editor(collect_sql=True) as editor:
        quote_name, derived_name = editor.quote_name, editor._create_index_name
        editor.quote_name = lambda name: quote_name(temporary_name(name))
        for enum in enums.values():
            editor.create_enum(enum.type_name, enum.labels)
        numbers = count()  # for short names that differ from all names of `models`
        editor._create_index_name = lambda *_: f"referred_to_{next(numbers)}"
        for model in referred_to:
            editor.create_model(model)
        editor._create_index_name = derived_name
        editor.deferred_sql.clear()  # the foreign keys of `referred_to` need further tables
        for model in models:
            editor.create_model(model)
    return [str(statement) for statement in editor.collected_sql]


def _read_creatable(
    connection: BaseDatabaseWrapper,
    schema: Schema,
    models: Sequence[type[Model]],
    missing: defaultdict[str, list[str]],
) -> Catalog:
    """Return the catalog of the tables of `models`, and collect missing objects in `missing`."""
    try:
        return _create_and_read(connection, schema, models)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, UNDEFINED):
            raise
        if len(models) == 1:
            tables = list(_table_names(models))
            missing[_missing_object(error.__cause__)] += tables
            return {Key("table", "", name): {} for name in tables}
    half = len(models) // 2
    first = _read_creatable(connection, schema, models[:half], missing)
    return {**first, **_read_creatable(connection, schema, models[half:], missing)}


def _missing_object(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error)).removesuffix(" does not exist")


def _create_and_read(
    connection: BaseDatabaseWrapper, schema: Schema, models: Sequence[type[Model]]
) -> Catalog:
    """Create the tables of `models` and return their catalog. Raise ProgrammingError on failure."""
    names = {enum.type_name for enum in _enum_fields(models)} | set(_table_names(models))
    with transaction.atomic(using=connection.alias):
        execute(connection, TEMPORARY_FIRST)
        execute(connection, "\n".join(creation_sql(connection, models)))
        [(temporary,)] = read_rows(connection, "SELECT pg_my_temp_schema()")
        needed = read_needed(connection, schema, temporary, list(map(temporary_name, names)))
        others = read_other_tables(connection, schema)
        remove_from_search_path(connection, schema, others)
        created = as_live(read_catalog(connection, temporary), others)
        transaction.set_rollback(True, using=connection.alias)
    ours = {key: created[key] for key in created if (key.table or key.name) in names}
    return {**{key: {} for key in needed}, **ours}


def _enum_fields(models: Iterable[type[Model]]) -> Iterator[EnumField]:
    for model in models:
        for field in model._meta.local_fields:
            if enum := enum_field(field):
                yield enum


def _table_names(models: Iterable[type[Model]]) -> Iterator[str]:
    for model in models:
        yield model._meta.db_table
        for field in model._meta.local_many_to_many:
            yield field.m2m_db_table()


def _related_models(models: Iterable[type[Model]]) -> Iterator[type[Model]]:
    for model in models:
        relations: list[Any] = [*model._meta.local_fields, *model._meta.local_many_to_many]
        for field in relations:
            if field.remote_field:
                yield field.remote_field.model._meta.concrete_model
