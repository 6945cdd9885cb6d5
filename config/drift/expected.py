"""The expected schema: the catalog that PostgreSQL makes from the models.

The tables are created in `pg_temp`, read by the same queries as the live schema, and rolled back.
So PostgreSQL itself renders both sides.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import batched, count
from typing import Any, cast

import psycopg
from django.apps import apps
from django.db import ProgrammingError, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from psycopg import errors

from config.drift.schemas import SEPARATOR, as_live, hide, read_other_tables, temporary_name
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

# A new table holds about seven locks until the transaction ends. A server has 64 locks for each
# connection that it allows, and all sessions share them.
TABLES_AT_ONCE = 400

MISSING = (
    errors.InvalidSchemaName,
    errors.UndefinedFunction,
    errors.UndefinedObject,
    errors.UndefinedTable,
)
"""The errors of a statement that names something that does not exist."""

NEEDED_BY = "needed by"
"""The attribute of a missing object, which lists the tables that cannot be created without it."""

type Model = type[models.Model]


def read_expected(connection: BaseDatabaseWrapper) -> Catalog:
    """Return the schema that the models make on the connection's server, and roll it back.

    What the models only refer to has no attributes. A table that PostgreSQL cannot create, since
    something it needs is missing, has none either.
    Raise CatalogError if the role may not create temporary tables there.
    """
    check_may_create_temporary(connection)
    schema = read_schema(connection)
    unmanaged = read_relations(connection, schema, _unmanaged_tables(connection.alias))
    catalog: dict[Key, Attributes] = {key: {} for key in unmanaged}
    missing: defaultdict[str, list[str]] = defaultdict(list)
    for models_of_schema in _by_schema(expected_models(connection.alias)):
        for wanted in batched(models_of_schema, TABLES_AT_ONCE):
            catalog |= _read_if_possible(connection, schema, wanted, missing)
    return catalog | {
        Key("object", "", name): {NEEDED_BY: sorted(tables)} for name, tables in missing.items()
    }


def read_complete(connection: BaseDatabaseWrapper) -> Catalog:
    """Return the same as read_expected. Raise CatalogError if something it needs is missing."""
    expected = read_expected(connection)
    for key, attributes in expected.items():
        tables: Any = attributes.get(NEEDED_BY)
        if tables:
            raise CatalogError(
                f"The {key.name} is missing, which table {tables[0]} needs. Run manage.py migrate, "
                "or create it."
            )
    return expected


def expected_models(alias: str) -> list[Model]:
    """Return the models whose tables migrations create in the database `alias`, Django's included.

    They come from a migration state, not from the apps, since only there a many-to-many table has
    the type of key with which a migration creates it.
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


def _by_schema(wanted: Iterable[Model]) -> Iterable[Sequence[Model]]:
    """Return the models of each schema, since tables of two may have the same derived names."""
    found: defaultdict[str, list[Model]] = defaultdict(list)
    for model in wanted:
        found[model._meta.db_table.rpartition(SEPARATOR)[0]].append(model)
    return found.values()


def _unmanaged_tables(alias: str) -> list[str]:
    return [
        model._meta.db_table
        for model in apps.get_models()
        if not model._meta.managed and not model._meta.proxy
        if router.allow_migrate_model(alias, model)
    ]


def creation_sql(connection: BaseDatabaseWrapper, wanted: Sequence[Model]) -> list[str]:
    """Return the statements that create the tables of `wanted`, and those that they refer to."""
    referred_to = [model for model in dict.fromkeys(_referred_to(wanted)) if model not in wanted]
    enums = {enum.type_name: enum for enum in _enums([*referred_to, *wanted])}
    editor: Any
    with connection.schema_editor(collect_sql=True) as editor:
        quote_name, derived_name = editor.quote_name, editor._create_index_name
        editor.quote_name = lambda name: quote_name(temporary_name(name))
        for enum in enums.values():
            editor.create_enum(enum.type_name, enum.labels)
        numbers = count()  # the names are not read, and must not be in the way
        editor._create_index_name = lambda *_: f"referred_to_{next(numbers)}"
        for model in referred_to:
            editor.create_model(model)
        editor._create_index_name = derived_name
        editor.deferred_sql.clear()  # their foreign keys, which would need still more tables
        for model in wanted:
            editor.create_model(model)
    return [str(statement) for statement in editor.collected_sql]


def _read_if_possible(
    connection: BaseDatabaseWrapper,
    schema: Schema,
    wanted: Sequence[Model],
    missing: defaultdict[str, list[str]],
) -> Catalog:
    """Return the tables of `wanted`; add what a table needs and the database lacks to `missing`."""
    try:
        return _read_created(connection, schema, wanted)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, MISSING):
            raise
        if len(wanted) == 1:
            tables = list(_tables(wanted))
            missing[_subject(error.__cause__)] += tables
            return {Key("table", "", name): {} for name in tables}
    half = len(wanted) // 2
    first = _read_if_possible(connection, schema, wanted[:half], missing)
    return {**first, **_read_if_possible(connection, schema, wanted[half:], missing)}


def _subject(error: psycopg.Error) -> str:
    """Return what the server says is missing; only in English can it be told from the predicate."""
    return (error.diag.message_primary or str(error)).removesuffix(" does not exist")


def _read_created(
    connection: BaseDatabaseWrapper, schema: Schema, wanted: Sequence[Model]
) -> Catalog:
    names = {enum.type_name for enum in _enums(wanted)} | set(_tables(wanted))
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('search_path', 'pg_temp, ' || current_setting('search_path'), true)"
        )
        cursor.execute("\n".join(creation_sql(connection, wanted)))
        cursor.execute("SELECT pg_my_temp_schema()")
        temporary = cursor.fetchone()[0]
        needed = read_needed(connection, schema, temporary, list(map(temporary_name, names)))
        others = read_other_tables(connection, schema)
        hide(connection, schema, others)
        created = as_live(read_catalog(connection, temporary), others)
        transaction.set_rollback(True, using=connection.alias)
    ours = {key: created[key] for key in created if (key.table or key.name) in names}
    return {**{key: {} for key in needed}, **ours}


def _enums(wanted: Iterable[Model]) -> Iterator[EnumField]:
    for model in wanted:
        for field in model._meta.local_fields:
            if enum := enum_field(field):
                yield enum


def _tables(wanted: Iterable[Model]) -> Iterator[str]:
    """Yield the tables of `wanted`, and those of their many-to-many fields."""
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
