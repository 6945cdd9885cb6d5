"""What must hold before a migration plan runs, looked at before anything of it has run.

Django finds out in the middle, and then part of the plan has been done.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.operations import CreateModel, DeleteModel
from django.db.migrations.operations.base import Operation

from config.postgres import Plan
from config.postgres.enums import (
    CreateEnum,
    DropEnum,
    RenameEnum,
    check_rows,
    find_enum,
    plan_swap,
    removed_labels,
)

type Name = tuple[str, str]
"""The kind of an object, and its name."""


def check_plan(
    connection: BaseDatabaseWrapper, plan: Plan, apps: Any, fake_initial: bool = False
) -> None:
    """Raises CommandError if `plan` cannot run to its end; `apps` has the models as they are.

    With `fake_initial`, tables that are there already are what is looked for.
    """
    check_reversible(plan)
    check_labels(connection, plan)
    names = list(_created(plan, apps))
    if names:
        check_privilege(connection)
    if names and not fake_initial:
        check_names_are_free(connection, names)


def check_reversible(plan: Plan) -> None:
    """A plan that goes back is one transaction, so each of its steps must be able to be part."""
    unapplied = [migration for migration, backwards in plan if backwards]
    for migration in unapplied:
        for operation in migration.operations:
            if not operation.reversible:
                raise CommandError(
                    f"Cannot unapply {migration}: its operation {operation.describe()!r} is "
                    "irreversible. Nothing was changed. Give the operation a reverse, or restore "
                    "a backup."
                )
        if not migration.atomic and len(unapplied) > 1:
            raise CommandError(
                f"Cannot unapply {migration} together with others: it is not atomic, and a "
                "rollback is one transaction. Nothing was changed. Unapply it by itself first."
            )


def check_labels(connection: BaseDatabaseWrapper, plan: Plan) -> None:
    """Raises CommandError if rows use a label that going back removes."""
    with connection.cursor() as cursor:
        for name, label in removed_labels(plan):
            enum = find_enum(cursor, name)
            if enum and label in enum.labels:
                check_rows(cursor, plan_swap(cursor, enum, enum.without([label])))


def check_privilege(connection: BaseDatabaseWrapper) -> None:
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


def check_names_are_free(connection: BaseDatabaseWrapper, names: list[Name]) -> None:
    """Refuse to build on top of a table or type that no recorded migration made."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT wanted.kind, wanted.name, current_database()
              FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS wanted(kind, name, position)
             WHERE to_regclass(quote_ident(wanted.name)) IS NOT NULL
                OR to_regtype(quote_ident(wanted.name)) IS NOT NULL
             ORDER BY wanted.position
            """,
            [[kind for kind, _ in names], [name for _, name in names]],
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


def _created(plan: Plan, apps: Any) -> Iterator[Name]:
    """What the plan creates under a name that it has not made free itself before."""
    freed: set[str] = set()
    for migration, backwards in plan:
        for operation in () if backwards else migration.operations:
            freed |= _freed(migration.app_label, operation, apps)
            for kind, name in _created_by(migration.app_label, operation):
                if name not in freed:
                    yield kind, name


def _created_by(app_label: str, operation: Operation) -> Iterator[Name]:
    if isinstance(operation, CreateEnum):
        yield "enum type", operation.name
    elif isinstance(operation, RenameEnum):
        yield "enum type", operation.new_name
    elif isinstance(operation, CreateModel) and _makes_a_table(app_label, operation):
        default = f"{app_label}_{operation.name_lower}"
        table = operation.options.get("db_table", default)
        yield "table", table
        field: Any
        for name, field in operation.fields:
            if field.many_to_many and not field.remote_field.through:
                yield "table", field.db_table or f"{table}_{name}"


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
            return {apps.get_model(app_label, operation.name)._meta.db_table}
    return set()
