"""What must hold before a migration plan runs, looked at before anything of it has run.

Django finds out in the middle, and then part of the plan has been done.
"""

from collections.abc import Iterator

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.operations import CreateModel

from config.database.operations import CreateEnum
from config.database.rollback import Plan


def check_plan(connection: BaseDatabaseWrapper, plan: Plan) -> None:
    """Raises CommandError if `plan` cannot run to its end."""
    check_reversible(plan)
    if any(not backwards for _, backwards in plan):
        check_privilege(connection)
        check_names_are_free(connection, plan)


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


def check_names_are_free(connection: BaseDatabaseWrapper, plan: Plan) -> None:
    """Refuse to build on top of a table or type that no recorded migration made."""
    names = [item for migration, backwards in plan if not backwards for item in _created(migration)]
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


def _created(migration: Migration) -> Iterator[tuple[str, str]]:
    for operation in migration.operations:
        if isinstance(operation, CreateEnum):
            yield "enum type", operation.name
        elif isinstance(operation, CreateModel) and _makes_a_table(operation):
            default = f"{migration.app_label}_{operation.name_lower}"
            yield "table", operation.options.get("db_table", default)


def _makes_a_table(operation: CreateModel) -> bool:
    return operation.options.get("managed", True) and not operation.options.get("proxy", False)
