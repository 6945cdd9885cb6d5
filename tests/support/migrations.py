"""Project states to compare, and databases to migrate, for the tests of migrations."""

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, connections, models
from django.db.migrations import Migration
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ModelState, ProjectState
from django.test.utils import override_settings

from config.embedded.data_directory import BIN
from config.postgres.catalog import Catalog, read_catalog, read_schema
from config.postgres.enums import EnumAutodetector
from tests import factories
from tests.support.copies import copy_directory
from tests.support.databases import create_database, drop_database, new_name
from users.enums import Role
from users.models import User

type Changes = dict[str, list[Migration]]


# Project states


def model(label: str, /, *, options: dict[str, Any] | None = None, **fields: Any) -> ModelState:
    """Return the state of the model `label` ("app.Model"), with `fields` and a primary key."""
    app_label, name = label.split(".")
    if not any(field.primary_key for field in fields.values()):
        fields = {"id": models.AutoField(primary_key=True), **fields}
    return ModelState(app_label, name, list(fields.items()), options)


def project_state(*states: ModelState) -> ProjectState:
    state = ProjectState()
    for model_state in states:
        state.add_model(model_state.clone())
    return state


QUESTIONS = (
    "ask_initial",
    "ask_rename",
    "ask_rename_enum",
    "ask_rename_label",
    "ask_rename_model",
)


def detected(
    before: Collection[ModelState],
    after: Collection[ModelState],
    *,
    graph: MigrationGraph | None = None,
    trim_to_apps: set[str] | None = None,
) -> Changes:
    """Return the migrations that makemigrations writes if each answer is yes."""
    answers = dict.fromkeys(QUESTIONS, True)
    autodetector = EnumAutodetector(
        project_state(*before), project_state(*after), MigrationQuestioner(answers)
    )
    changes: Changes = autodetector.changes(graph or MigrationGraph(), trim_to_apps)
    return changes


def described(operations: Collection[Operation]) -> list[str]:
    return [operation.describe() for operation in operations]


def steps(changes: Changes) -> dict[str, list[list[str]]]:
    """Return the descriptions of operations, by app and migration."""
    return {
        app_label: [described(migration.operations) for migration in migrations]
        for app_label, migrations in changes.items()
    }


# Migrations on the database of the test


def applied(state: ProjectState, *operations: Operation) -> ProjectState:
    """Run `operations` of app "music" forwards from `state`; return the state after them."""
    with connection.schema_editor() as editor:
        return _migration(operations).apply(state.clone(), editor)


def unapplied(state: ProjectState, *operations: Operation) -> None:
    """Run `operations` backwards; `state` is the state before them."""
    with connection.schema_editor() as editor:
        _migration(operations).unapply(state.clone(), editor)


def check_reversible(state: ProjectState, *operations: Operation) -> None:
    """Run `operations` forwards, backwards and forwards, and compare the schemas."""
    before = new_schema()
    applied(state, *operations)
    after = new_schema()
    assert after != before
    unapplied(state, *operations)
    assert new_schema() == before
    applied(state, *operations)
    assert new_schema() == after


def _migration(operations: Collection[Operation]) -> Migration:
    cls: type[Migration] = type("Migration", (Migration,), {"operations": [*operations]})
    return cls("0001_initial", "music")


def run_sql(*statements: str) -> list[tuple[Any, ...]]:
    """Run the statements on the alias "default"; return the rows of the last statement, if any."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def live_catalog() -> Catalog:
    """Return the catalog of the first schema on the search path."""
    return read_catalog(connection, read_schema(connection).oid)


def schema() -> set[str]:
    """Return a line for each object of the schema, independent of the order of columns."""
    return {line for (line,) in run_sql(SCHEMA.format(oldest="0"))}


def new_schema() -> set[str]:
    """Return a line for each object that is newer than the database."""
    return {line for (line,) in run_sql(SCHEMA.format(oldest=OID_OF_DATABASE))}


# Later objects have greater oids, until the numbers begin again after 4 billion.
OID_OF_DATABASE = "(SELECT oid FROM pg_database WHERE datname = current_database())"
SCHEMA = """
    WITH relation AS (
        SELECT oid, relkind FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND oid > {oldest}
    )
    SELECT format('column %s.%I %s%s default %s', attrelid::regclass, attname,
                  format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN ' not null' END,
                  pg_get_expr(adbin, adrelid))
      FROM pg_attribute JOIN relation ON relation.oid = attrelid
           LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE relkind IN ('r', 'p', 'v') AND attnum > 0 AND NOT attisdropped
     UNION ALL
    SELECT format('constraint %I on %s %s', conname, conrelid::regclass, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE conrelid IN (SELECT oid FROM relation) AND contype <> 'n'
     UNION ALL
    SELECT pg_get_indexdef(oid) FROM relation WHERE relkind IN ('i', 'I')
     UNION ALL
    SELECT format('sequence %s', oid::regclass) FROM relation WHERE relkind = 'S'
     UNION ALL
    SELECT format('enum type %I (%s)', typname,
                  string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder))
      FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid
     WHERE typnamespace = current_schema()::regnamespace AND pg_type.oid > {oldest}
     GROUP BY typname
"""


# Separate databases, for tests that commit

_numbers = itertools.count(1)


@contextmanager
def new_default_database(template: str = "template1") -> Iterator[str]:
    """Let the alias "default" use a new copy of `template` until the block ends."""
    name = new_name()
    create_database(name, template)
    try:
        with default_database(name):
            yield name
    finally:
        drop_database(name)


@contextmanager
def new_database_of(installed: list[str], template: str = "template1") -> Iterator[str]:
    """Install only these apps, and let the alias "default" use a copy of `template`."""
    with override_settings(INSTALLED_APPS=installed), new_default_database(template) as name:
        yield name


@contextmanager
def default_database(name: str) -> Iterator[None]:
    """Let the alias "default" use an existing database until the block ends."""
    usual = connections["default"]
    connections["default"] = usual.copy()
    connections["default"].settings_dict["NAME"] = name
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = usual
        ContentType.objects.clear_cache()


def migrate(*arguments: str) -> list[str]:
    """Run migrate; return the lines that it prints."""
    output = StringIO()
    call_command("migrate", *arguments, stdout=output, no_color=True)
    return output.getvalue().splitlines()


def planned(*arguments: str) -> list[str]:
    """Return the migrations that `migrate --plan` shows, in order."""
    return [line for line in migrate(*arguments, "--plan")[1:] if not line.startswith(" ")]


def finished(lines: Collection[str]) -> list[str]:
    """Return the migrations that ran, according to the `lines` that migrate printed."""
    finished = (re.fullmatch(r"  (?:Applying|Unapplying) (.*)\.\.\. OK", line) for line in lines)
    return [match[1] for match in finished if match]


@contextmanager
def extra_migration(app_label: str, body: str) -> Iterator[None]:
    """Add a migration `0099_extra`, with `body` in its class, until the block ends."""
    original = Path(apps.get_app_config(app_label).path) / "migrations"
    [last] = MigrationLoader(None).graph.leaf_nodes(app_label)
    package = f"{app_label}_migrations_{next(_numbers)}"
    with TemporaryDirectory() as directory:
        copy_directory(original, Path(directory) / package)
        (Path(directory) / package / "0099_extra.py").write_text(
            "from config.postgres.enums.operations import *\n"
            "from django.db import migrations, models\n"
            "class Migration(migrations.Migration):\n"
            f"    dependencies = [{last!r}]\n"
            f"    {body}\n"
        )
        sys.path.insert(0, directory)
        try:
            with override_settings(
                MIGRATION_MODULES=settings.MIGRATION_MODULES | {app_label: package}
            ):
                yield
        finally:
            sys.path.remove(directory)


def fill_every_table() -> None:
    """Create a row with each trait of each factory, and rows in Django's own tables."""
    for factory in vars(factories).values():
        if getattr(factory, "__module__", "") == factories.__name__ and hasattr(factory, "create"):
            factory.create()
            for trait in factory._meta.parameters:
                factory.create(**{trait: True})
    admins = User.objects.filter(role=Role.ADMIN)
    LogEntry.objects.log_actions(admins[0].pk, admins, ADDITION)
    Group.objects.create(name="Everything").permissions.set(Permission.objects.all())


def dump(*options: str) -> list[str]:
    """Return the lines of pg_dump, except \\restrict, which has a random key."""
    connection.ensure_connection()
    server = connection.connection.info
    result = subprocess.run(
        [BIN / "pg_dump", f"--dbname={server.dsn}", *options],
        env=os.environ | {"PGPASSWORD": server.password},
        capture_output=True,
        check=True,
        text=True,
    )
    # Newer releases of PostgreSQL write the option pg_attver of columns into dumps.
    dump = re.sub(r"(, )?pg_attver=\d+|^.* SET \(pg_attver=\d+\);$", "", result.stdout, flags=re.M)
    return [line for line in dump.splitlines() if "restrict" not in line]
