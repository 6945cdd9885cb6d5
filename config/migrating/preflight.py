"""The checks of a migration plan before it runs.

Django finds these obstacles halfway, when a part of the plan has been done.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from django.conf import settings
from django.core.management.base import CommandError
from django.db import router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.operations import CreateModel, DeleteModel
from django.db.migrations.operations.base import Operation

from config.migrating.parent_models import check_renamed_parents
from config.postgres import MonthlyPartitions, Plan, in_schema_of, monthly_partitions
from config.postgres.enums import (
    CreateEnum,
    DropEnum,
    EnumOperation,
    RenameEnum,
    check_owners,
    check_rows,
    enum_field,
    find_enum,
    plan_swap,
    removed_labels,
    replaced_types,
)


class NewObject(NamedTuple):
    """A table or enum type that a plan creates."""

    kind: str
    name: str
    """The name as a model or a migration gives it; that of a table may contain its schema."""


def check_plan(
    connection: BaseDatabaseWrapper, plan: Plan, apps: Any, fake_initial: bool = False
) -> None:
    """Raise CommandError if `plan` cannot run to its end; `apps` has the models before it.

    With `fake_initial`, tables may exist already.
    """
    check_reversible(plan)
    check_renamed_parents(plan, apps)
    check_labels(connection, plan)
    check_type_owners(connection, plan)
    created = list(_created(plan, apps, connection.alias))
    if created:
        check_privilege(connection)
    if created and not fake_initial:
        check_types_are_new(plan, apps)
        check_names_are_free(connection, created)


def check_reversible(plan: Plan, *, in_one_transaction: bool = False) -> None:
    """Raise CommandError if `plan` goes back and a step of it cannot be part of a transaction.

    A migration that is not atomic can be unapplied by itself, but not `in_one_transaction`.
    """
    unapplied = [migration for migration, backwards in plan if backwards]
    for migration in unapplied:
        for operation in migration.operations:
            if not operation.reversible:
                raise CommandError(
                    f"Cannot unapply {migration}: its operation {operation.describe()!r} is "
                    "irreversible. Nothing was changed. Give the operation a reverse, or restore "
                    "a backup."
                )
        if not migration.atomic and (in_one_transaction or len(unapplied) > 1):
            raise CommandError(
                f"Cannot unapply {migration}: it is not atomic, and a rollback is one transaction. "
                "Nothing was changed. Unapply it by itself with manage.py migrate."
            )


def check_labels(connection: BaseDatabaseWrapper, plan: Plan) -> None:
    """Raise CommandError if rows use a label that going back removes."""
    with connection.cursor() as cursor:
        for name, label in removed_labels(plan):
            enum = find_enum(cursor, name)
            if enum and label in enum.labels:
                check_rows(cursor, plan_swap(cursor, enum, enum.without([label])))


def check_type_owners(connection: BaseDatabaseWrapper, plan: Plan) -> None:
    """Raise CommandError if the plan replaces a type on which an object of another role depends."""
    with connection.cursor() as cursor:
        for name in replaced_types(plan):
            if enum := find_enum(cursor, name):
                check_owners(cursor, enum)


def check_privilege(connection: BaseDatabaseWrapper) -> None:
    """Raise CommandError if the role may not create tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, current_database(), current_schema(),"
            " has_schema_privilege(current_schema(), 'CREATE')"
        )
        role, database, schema, may_create = cursor.fetchone()
    if schema is None:
        raise CommandError(
            f"No schema of role {role!r}'s search_path exists in database {database!r}. Nothing "
            "was changed. Create the schema, or set the role's search_path to one that exists."
        )
    if not may_create:
        raise CommandError(
            f"Role {role!r} may not create tables in schema {schema!r} of database {database!r}. "
            f"Nothing was changed. Let the schema's owner run: "
            f'GRANT CREATE ON SCHEMA "{schema}" TO "{role}";'
        )


def check_types_are_new(plan: Plan, apps: Any) -> None:
    """Raise CommandError if the plan creates an enum type that another migration has created."""
    models = apps.get_models(include_auto_created=True)
    fields = [enum_field(field) for model in models for field in model._meta.local_fields]
    made = {enum.type_name for enum in fields if enum} - _types_without_migrations(apps)
    for migration, backwards in plan:
        for operation in () if backwards else migration.operations:
            made -= _freed(migration.app_label, operation, apps)
            for new in _created_by(migration.app_label, operation):
                if isinstance(operation, EnumOperation) and new.name in made:
                    raise operation.conflict(f"a migration before {migration} makes {new.name!r}")
                made.add(new.name)


def check_names_are_free(connection: BaseDatabaseWrapper, created: list[NewObject]) -> None:
    """Raise CommandError if a name is taken by a table or type that no recorded migration made."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT wanted.kind, wanted.name, current_database()
              FROM unnest(%s::text[], %s::text[], %s::text[])
                   WITH ORDINALITY AS wanted(kind, name, quoted, position)
             WHERE to_regclass(quoted) IS NOT NULL OR to_regtype(quoted) IS NOT NULL
             ORDER BY wanted.position
            """,
            [
                [new.kind for new in created],
                [new.name for new in created],
                [connection.ops.quote_name(new.name) for new in created],
            ],
        )
        taken = cursor.fetchall()
    if taken:
        kind, name, database = taken[0]
        others = f" (and {len(taken) - 1} more of the names)" if len(taken) > 1 else ""
        raise CommandError(
            f"Cannot create {kind} {name!r}: database {database!r} already holds a table or type "
            f"of that name{others}, which no migration on record has made. Nothing was changed. "
            "Rename or drop it, point DATABASE_URL at an empty database, or, if it is "
            "exactly what the migration would make, run migrate --fake."
        )


def _created(plan: Plan, apps: Any, alias: str) -> Iterator[NewObject]:
    """Yield what the plan creates under a name that it has not freed itself before."""
    freed = _types_without_migrations(apps)
    for migration, backwards in plan:
        for operation in () if backwards else migration.operations:
            freed |= _freed(migration.app_label, operation, apps)
            for new in _created_by(migration.app_label, operation):
                if new.name not in freed and _is_allowed(migration.app_label, operation, alias):
                    yield new


def _types_without_migrations(apps: Any) -> set[str]:
    """Return the types that tables of apps without migrations may have made; CreateEnum agrees."""
    fields = [enum_field(field) for model in apps.real_models for field in model.fields.values()]
    return {enum.type_name for enum in fields if enum}


def _is_allowed(app_label: str, operation: Operation, alias: str) -> bool:
    """Return whether database routers let the operation run."""
    if isinstance(operation, EnumOperation):
        return operation.is_wanted(alias, app_label)
    return router.allow_migrate(alias, app_label, model_name=getattr(operation, "name_lower", ""))


def _created_by(app_label: str, operation: Operation) -> Iterator[NewObject]:
    if isinstance(operation, CreateEnum):
        yield NewObject("enum type", operation.name)
    elif isinstance(operation, RenameEnum):
        yield NewObject("enum type", operation.new_name)
    elif isinstance(operation, CreateModel) and _makes_a_table(app_label, operation):
        default = f"{app_label}_{operation.name_lower}"
        table = operation.options.get("db_table", default)
        yield NewObject("table", table)
        for rule in operation.options.get("constraints", ()):
            if isinstance(rule, MonthlyPartitions):
                yield NewObject("table", in_schema_of(table, rule.name))
        field: Any
        for name, field in operation.fields:
            if field.many_to_many and not field.remote_field.through:
                yield NewObject("table", field.db_table or f"{table}_{name}")


def _makes_a_table(app_label: str, operation: CreateModel) -> bool:
    options = operation.options
    model = getattr(settings, options.get("swappable", ""), None)
    is_swapped = model is not None and model.lower() != f"{app_label}.{operation.name_lower}"
    return options.get("managed", True) and not options.get("proxy") and not is_swapped


def _freed(app_label: str, operation: Operation, apps: Any) -> set[str]:
    if isinstance(operation, DropEnum):
        return {operation.name}
    if isinstance(operation, RenameEnum):
        return {operation.old_name}
    if isinstance(operation, DeleteModel):
        with suppress(LookupError):  # the plan itself has created it
            return set(_tables_of(apps.get_model(app_label, operation.name)))
    return set()


def _tables_of(model: Any) -> Iterator[str]:
    yield model._meta.db_table
    if partitions := monthly_partitions(model):
        yield partitions.default_partition(model)
