"""The checks of a migration plan before it runs.

Without these checks, Django fails in the middle of the plan.
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
from config.postgres import (
    MonthlyPartitions,
    Plan,
    in_schema_of,
    monthly_partitions,
    read_rows,
)
from config.postgres.enums import (
    CreateEnum,
    DropEnum,
    EnumOperation,
    RenameEnum,
    check_label_uses,
    check_owners,
    enum_field,
    find_enum,
    plan_swap,
    removed_labels,
    replaced_types,
)

PRIVILEGE = """
    SELECT current_user, current_database(), current_schema(),
           has_schema_privilege(current_schema(), 'CREATE')
"""
TAKEN_NAMES = """
    SELECT wanted.kind, wanted.name, current_database()
      FROM unnest(%s::text[], %s::text[], %s::text[])
           WITH ORDINALITY AS wanted(kind, name, quoted, position)
     WHERE to_regclass(quoted) IS NOT NULL OR to_regtype(quoted) IS NOT NULL
     ORDER BY wanted.position
"""


class NewObject(NamedTuple):
    """A table or enum type that a plan creates."""

    kind: str
    name: str
    """The name in the model or migration. A table name may contain the schema."""


def check_plan(connection: BaseDatabaseWrapper, plan: Plan, apps: Any, fake_initial: bool) -> None:
    """Raise CommandError if `plan` cannot run to its end.

    `apps` has the models before the plan. With `fake_initial`, tables may exist already.
    """
    check_reversible(plan)
    check_renamed_parents(plan, apps)
    check_labels(connection, plan)
    check_type_owners(connection, plan)
    created = list(_created_objects(plan, apps, connection.alias))
    if created:
        check_privilege(connection)
    if created and not fake_initial:
        check_types_are_new(plan, apps)
        check_names_are_free(connection, created)


def check_reversible(plan: Plan, *, in_one_transaction: bool = False) -> None:
    """Raise CommandError if `plan` unapplies an irreversible migration.

    Also refuse a migration with atomic = False, except as the only one that `plan` unapplies. With
    `in_one_transaction`, refuse every such migration.
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
    """Raise CommandError if rows use a label that `plan` removes by unapplying a migration."""
    for name, label in removed_labels(plan):
        enum = find_enum(connection, name)
        if enum and label in enum.labels:
            check_label_uses(connection, plan_swap(connection, enum, enum.without([label])))


def check_type_owners(connection: BaseDatabaseWrapper, plan: Plan) -> None:
    """Raise CommandError if `plan` replaces a type that an object of another role uses."""
    for name in replaced_types(plan):
        if enum := find_enum(connection, name):
            check_owners(connection, enum)


def check_privilege(connection: BaseDatabaseWrapper) -> None:
    """Raise CommandError if the role may not create tables."""
    [(role, database, schema, may_create)] = read_rows(connection, PRIVILEGE)
    if schema is None:
        raise CommandError(
            f"No schema of role {role!r}'s search_path exists in database {database!r}. Nothing "
            "was changed. Create the schema, or set the role's search_path to an existing schema."
        )
    if not may_create:
        raise CommandError(
            f"Role {role!r} may not create tables in schema {schema!r} of database {database!r}. "
            f"Nothing was changed. Let the schema's owner run: "
            f'GRANT CREATE ON SCHEMA "{schema}" TO "{role}";'
        )


def check_types_are_new(plan: Plan, apps: Any) -> None:
    """Raise CommandError if `plan` creates an enum type that another migration has created."""
    models = apps.get_models(include_auto_created=True)
    fields = [enum_field(field) for model in models for field in model._meta.local_fields]
    existing = {enum.type_name for enum in fields if enum} - _types_of_unmigrated_apps(apps)
    for migration, backwards in plan:
        for operation in () if backwards else migration.operations:
            existing -= _freed_names(migration.app_label, operation, apps)
            for new in _objects_created_by(migration.app_label, operation):
                if isinstance(operation, EnumOperation) and new.name in existing:
                    raise operation.conflict(f"a migration before {migration} creates {new.name!r}")
                existing.add(new.name)


def check_names_are_free(connection: BaseDatabaseWrapper, created: list[NewObject]) -> None:
    """Raise CommandError if the database already contains a table or type of a new name."""
    kinds, names = [new.kind for new in created], [new.name for new in created]
    quoted_names = [connection.ops.quote_name(name) for name in names]
    taken = read_rows(connection, TAKEN_NAMES, [kinds, names, quoted_names])
    if taken:
        kind, name, database = taken[0]
        others = f" (and {len(taken) - 1} more)" if len(taken) > 1 else ""
        raise CommandError(
            f"Cannot create {kind} {name!r}{others}: database {database!r} already contains a "
            "table or type of that name that no applied migration has created. Nothing was "
            "changed. Rename or drop it, point DATABASE_URL at an empty database, or, if it equals "
            "what the migration creates, run migrate --fake."
        )


def _created_objects(plan: Plan, apps: Any, alias: str) -> Iterator[NewObject]:
    """Yield the objects that `plan` creates. Leave out names that an earlier operation frees."""
    freed = _types_of_unmigrated_apps(apps)
    for migration, backwards in plan:
        for operation in () if backwards else migration.operations:
            freed |= _freed_names(migration.app_label, operation, apps)
            for new in _objects_created_by(migration.app_label, operation):
                if new.name not in freed and _may_run(migration.app_label, operation, alias):
                    yield new


def _types_of_unmigrated_apps(apps: Any) -> set[str]:
    """Return the enum types of apps without migrations, because CreateEnum accepts these types."""
    fields = [enum_field(field) for model in apps.real_models for field in model.fields.values()]
    return {enum.type_name for enum in fields if enum}


def _may_run(app_label: str, operation: Operation, alias: str) -> bool:
    """Return True if the database routers allow the operation."""
    if isinstance(operation, EnumOperation):
        return operation.is_wanted(alias, app_label)
    return router.allow_migrate(alias, app_label, model_name=getattr(operation, "name_lower", ""))


def _objects_created_by(app_label: str, operation: Operation) -> Iterator[NewObject]:
    if isinstance(operation, CreateEnum):
        yield NewObject("enum type", operation.name)
    elif isinstance(operation, RenameEnum):
        yield NewObject("enum type", operation.new_name)
    elif isinstance(operation, CreateModel) and _creates_table(app_label, operation):
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


def _creates_table(app_label: str, operation: CreateModel) -> bool:
    options = operation.options
    model = getattr(settings, options.get("swappable", ""), None)
    is_swapped = model is not None and model.lower() != f"{app_label}.{operation.name_lower}"
    return options.get("managed", True) and not options.get("proxy") and not is_swapped


def _freed_names(app_label: str, operation: Operation, apps: Any) -> set[str]:
    if isinstance(operation, DropEnum):
        return {operation.name}
    if isinstance(operation, RenameEnum):
        return {operation.old_name}
    if isinstance(operation, DeleteModel):
        with suppress(LookupError):  # the plan itself has created the model
            model = apps.get_model(app_label, operation.name)
            partitions = monthly_partitions(model)
            default = {partitions.default_partition(model)} if partitions else set()
            return {model._meta.db_table} | default
    return set()
