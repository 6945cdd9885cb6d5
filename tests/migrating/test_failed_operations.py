"""Migrations that fail, explained in one line: the operation, the cause and the next step."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.migrations import RunSQL
from django.db.migrations.state import ProjectState
from pytest_django import Settings

from config.console import explain
from tests.rollback.helpers import GO_ON, refusal, rollback
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql
from tests.support.verify_schema import verify_schema

KEY = '("id", models.AutoField(primary_key=True))'
ITEM = f'migrations.CreateModel("Item", [{KEY}]),'
CORRECT = (
    "Correct it, or add a dependency on the migration that it needs; --traceback shows the code."
)
CREATE_FIRST = "Create it first; manage.py verify_schema shows what else differs."
EXPECTED_OBJECTS = "Correct the operation, or the objects in the database that it expects."
DROP_OR_RENAME = "Drop or rename it, or point DATABASE_URL at an empty database."


def sql(forwards: str, backwards: str = "") -> str:
    return f"migrations.RunSQL({forwards!r}, {backwards!r}),"


FUNCTIONS = sql(
    "CREATE FUNCTION refuse() RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$;"
    "CREATE FUNCTION attempt() RETURNS void LANGUAGE plpgsql AS $$BEGIN PERFORM refuse(); END$$;"
    "CREATE FUNCTION wait() RETURNS void LANGUAGE plpgsql AS"
    " $$BEGIN RAISE 'no' USING HINT = 'Wait.'; END$$;"
    "CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$;"
    "CREATE TRIGGER guard BEFORE INSERT ON lab_item EXECUTE FUNCTION guard()"
)
"""Functions that raise errors, one of them by a trigger."""
ORIGIN = "It comes from PL/pgSQL function {}() line 1 at RAISE, which "
CALLED = f"{ORIGIN.format('refuse')}the operation calls. Correct the call, or the function."
TRIGGER = (
    "a trigger or an event trigger of the database may have called. Change or disable the trigger "
    "(\\dy in psql lists event triggers), or use a role that it allows."
)
MODELS: dict[str, tuple[str, str]] = {
    'migrations.AddField("Item", "x", models.ForeignKey("lab.Gone", models.CASCADE, null=True)),': (
        "apply lab.0002_x: 'Add field x to Item'",
        "ValueError: Related model 'lab.gone' cannot be resolved",
    ),
    'migrations.AddField("Gone", "x", models.IntegerField()),': (
        "read lab.0002_x: 'Add field x to Gone'",
        "no migration before it creates model lab.gone",
    ),
    'migrations.RemoveField("Item", "x"),': (
        "read lab.0002_x: 'Remove field x from Item'",
        "no migration before it creates field x",
    ),
    'migrations.RenameField("Item", "x", "y"),': (
        "read lab.0002_x: 'Rename field x on Item to y'",
        "FieldDoesNotExist: lab.item has no field named 'x'",
    ),
    f'migrations.CreateModel("Child", [{KEY}], bases=("lab.gone",)),': (
        "read lab.0002_x: 'Create model Child'",
        "InvalidBasesError: Cannot resolve bases for [<ModelState: 'lab.Child'>]",
    ),
    'migrations.RunPython(lambda apps, editor: apps.get_model("lab", "Gone")),': (
        "apply lab.0002_x: 'Raw Python operation'",
        "LookupError: App 'lab' doesn't have a 'Gone' model",
    ),
    'migrations.SeparateDatabaseAndState([migrations.RemoveIndex("Item", "x")]),': (
        "apply lab.0002_x: 'Remove index x from Item'",
        "ValueError: No index named x on model Item",
    ),
}
"""Operations whose models are missing, with the failing operation and the reason."""
RAISED: dict[str, str] = {
    "AssertionError()": "AssertionError",
    "ValueError('\\nA:\\nB')": "ValueError: A",
    "EOFError()": "EOFError",
}
"""Errors of Python, and their texts in messages."""
OBJECTS: dict[str, tuple[str, str]] = {
    sql("CREATE TABLE users ()"): ('relation "users" already exists', DROP_OR_RENAME),
    sql("ALTER TABLE lab_item ADD COLUMN id int"): (
        'column "id" of relation "lab_item" already exists',
        "Drop or rename it; manage.py verify_schema shows what else differs.",
    ),
    sql("DROP TABLE gone"): ('table "gone" does not exist', CREATE_FIRST),
    sql("UPDATE lab_item SET gone = 1"): (
        'column "gone" of relation "lab_item" does not exist',
        CREATE_FIRST,
    ),
    sql("SELECT 1 = ''::text"): (
        "operator does not exist: integer = text",
        "Create it, or cast its arguments to the types that it takes.",
    ),
    sql("ALTER TABLE lab_item DROP CONSTRAINT gone"): (
        'constraint "gone" of relation "lab_item" does not exist',
        CREATE_FIRST,
    ),
    sql("CREATE VIEW v AS TABLE lab_item; DROP TABLE lab_item"): (
        "cannot drop table lab_item because other objects depend on it: constraint "
        "lab_part_item_id_fk on table lab_part depends on table lab_item; view v depends on table "
        "lab_item",
        "Drop the dependent objects, or ask their owner to.",
    ),
    sql("SET LOCAL ROLE pg_monitor; TABLE lab_item"): (
        "permission denied for table lab_item",
        "Let the owner grant it, or use another role in DATABASE_URL.",
    ),
    sql("SET LOCAL statement_timeout = 1; SELECT pg_sleep(9)"): (
        "canceling statement due to statement timeout",
        "Raise statement_timeout for this role, or try again later.",
    ),
    sql("ALTER TYPE mood ADD VALUE 'new'; SELECT 'new'::mood"): (
        'unsafe use of new value "new" of enum type mood',
        "Use the value in a later migration than the one that adds it.",
    ),
    sql("DO $$BEGIN RAISE 'full' USING ERRCODE = '53100'; END$$"): (
        "full",
        "Make room on the server's disk.",
    ),
    sql("DO $$BEGIN RAISE 'out' USING ERRCODE = '53200', HINT = 'Raise it.'; END$$"): (
        "out",
        "Raise it.",
    ),
    FUNCTIONS + sql("SELECT Refuse ()"): ("no", CALLED),
    FUNCTIONS + sql("SELECT attempt()"): ("no", CALLED),
    FUNCTIONS + sql("SELECT wait()"): ("no", f"{ORIGIN.format('wait')}the operation calls. Wait."),
    FUNCTIONS + sql("INSERT INTO lab_item DEFAULT VALUES"): (
        "no",
        f"{ORIGIN.format('guard')}{TRIGGER}",
    ),
    FUNCTIONS
    + sql(
        "CREATE OR REPLACE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN PERFORM set_config('x', now()::text, true); END$$"
    )
    + sql("INSERT INTO lab_item SELECT extract(day FROM now())"): (
        'unrecognized configuration parameter "x"',
        "It comes from SQL statement \"SELECT set_config('x', now()::text, true)\", which "
        f"{TRIGGER} {CREATE_FIRST}",
    ),
    sql(
        "SELECT certificate FROM lab_item, LATERAL (VALUES (1, 1)) AS v (certificate, certificate)"
    ): (
        'column reference "certificate" is ambiguous',
        EXPECTED_OBJECTS,
    ),
    sql("SELEKT"): (
        'syntax error at or near "SELEKT"',
        EXPECTED_OBJECTS,
    ),
    sql("INSERT INTO lab_part VALUES (1, 1)")
    + 'migrations.AddField("Part", "y", models.IntegerField(null=True)),': (
        'cannot ALTER TABLE "lab_part" because it has pending trigger events',
        "Move the code that writes rows of the table into a separate migration.",
    ),
}
"""Operations that PostgreSQL refuses, with the reason and the next step."""
PART = (
    f'migrations.CreateModel("Part", [{KEY}, '
    '("item", models.ForeignKey("lab.Item", models.CASCADE))]),CreateEnum("mood", ["happy"]),'
)


@pytest.fixture
def parts(lab: Lab) -> Lab:
    lab.write_migration("0001_x", ITEM + PART)
    migrate("lab")
    return lab


def explanation(command: Callable[..., Any], *arguments: object) -> str | None:
    """Return the line in which manage.py explains the error of `command`, or None."""
    with pytest.raises(Exception) as error:  # noqa: PT011  # commands raise many
        command(*arguments)
    return str(error.value) if isinstance(error.value, CommandError) else explain(error.value)


def write(lab: Lab, operations: str) -> None:
    lab.write_migration("0002_x", operations, '("lab", "0001_x")')


def test_migrate_with_operation_whose_models_are_missing__names_it_in_one_line(parts: Lab) -> None:
    for operations, (subject, reason) in MODELS.items():
        write(parts, operations)
        assert explanation(migrate, "lab") == (
            f"Cannot {subject} fails: {reason}. Nothing of lab.0002_x is applied. {CORRECT}"
        )


def test_migrate_with_code_that_raises_an_error__shows_the_first_line_of_the_error(
    parts: Lab,
) -> None:
    for error, reason in RAISED.items():
        write(parts, f"migrations.RunPython(lambda *_: (_ for _ in ()).throw({error})),")
        assert explanation(migrate, "lab") == (
            f"Cannot apply lab.0002_x: 'Raw Python operation' fails: {reason}. Nothing of "
            f"lab.0002_x is applied. {CORRECT}"
        )


def test_migrate_with_code_that_raises_a_command_error__names_the_migration(parts: Lab) -> None:
    raised = "CommandError('No.\\nNo rows.', returncode=3)"
    code = f"(_ for _ in ()).throw(__import__('django').core.management.{raised})"
    write(parts, f"migrations.RunPython(lambda *_: {code}, lambda *_: {code}),")
    reason = "'Raw Python operation' fails: No. No rows."
    with pytest.raises(CommandError) as error:
        migrate("lab")
    assert (str(error.value), error.value.returncode) == (
        f"Cannot apply lab.0002_x: {reason} Nothing of lab.0002_x is applied.",
        3,
    )
    migrate("lab", "--fake")
    refused = f"Cannot unapply lab.0002_x: undoing {reason} Nothing was changed."
    assert explanation(migrate, "lab", "0001") == f"{refused} Everything shown as OK is undone."
    assert explanation(rollback, "--to", "lab.0001", *GO_ON) == refused


def test_migrate_with_code_that_migrates__refuses_that_at_once(
    parts: Lab, settings: Settings
) -> None:
    for command in ("migrate", "rollback"):
        call = f"__import__('django').core.management.call_command({command!r})"
        write(parts, f"migrations.RunPython(lambda *_: {call}),")
        settings.MIGRATE_WAIT = 0.1  # after the settings of the lab
        assert explanation(migrate, "lab") == (
            f"Cannot apply lab.0002_x: 'Raw Python operation' fails: {command} cannot run within "
            "migrate, because the inner run would wait for the outer one. Remove the call; if the "
            "migration needs another one, add it to the dependencies. Nothing of "
            "lab.0002_x is applied."
        )


def test_migrate_with_operation_that_postgresql_refuses__names_it_in_one_line(parts: Lab) -> None:
    for operations, (reason, step) in OBJECTS.items():
        write(parts, operations)
        name = "Add field y to Part" if "AddField" in operations else "Raw SQL operation"
        assert explanation(migrate, "lab") == (
            f"Cannot apply lab.0002_x: {name!r} fails: {reason}. Nothing of lab.0002_x is applied. "
            f"{step}"
        )


def test_deferred_sql_refused_by_postgresql__names_the_migration_in_one_line(
    parts: Lab,
) -> None:
    run_sql("CREATE INDEX taken ON lab_part (id)")
    index = 'options={"indexes": [models.Index(fields=["id"], name="taken")]}'
    write(parts, f'migrations.CreateModel("Late", [{KEY}], {index}),')
    assert explanation(migrate, "lab") == (
        'Cannot apply lab.0002_x: relation "taken" already exists. Nothing of lab.0002_x is '
        f"applied. {DROP_OR_RENAME}"
    )


UNDONE = ("DROP TABLE gone", "CREATE VIEW", "SET LOCAL ROLE")
"""Words in those operations of OBJECTS that a test also undoes."""


def test_rollback_with_operation_that_postgresql_refuses__names_it_in_one_line(parts: Lab) -> None:
    for operations, (reason, step) in OBJECTS.items():
        if any(words in operations for words in UNDONE):
            write(parts, operations.replace("RunSQL(", "RunSQL('', ").replace(", ''),", "),"))
            migrate("lab")
            message = (
                "Cannot unapply lab.0002_x: undoing 'Raw SQL operation' fails: "
                f"{reason}. Nothing was changed. {step}"
            )
            assert (
                explanation(migrate, "lab", "0001")
                == f"{message} Everything shown as OK is undone."
            )
            assert explanation(rollback, "--to", "lab.0001", *GO_ON) == message
            migrate("lab", "0001", "--fake")


def test_command_that_reads_operation_whose_model_is_missing__names_it_in_one_line(
    parts: Lab,
) -> None:
    write(parts, 'migrations.AddField("Gone", "x", models.IntegerField()),')
    commands: list[Callable[[], Any]] = [
        parts.make_migrations,
        lambda: call_command("sqlmigrate", "lab", "0002", stdout=StringIO()),
        verify_schema,
    ]
    message = (
        "Cannot read lab.0002_x: 'Add field x to Gone' fails: no migration before it creates "
        f"model lab.gone. {CORRECT}"
    )
    assert [explanation(command) for command in commands] == [message] * len(commands)


UNLOADED = {
    "import nowhere": (
        "Migration lab.migrations.0002_x cannot be loaded. ModuleNotFoundError: No module named "
        "'nowhere'. Correct it."
    ),
    "from django.db import migrations\n\nclass Migration(migrations.Migration):\n"
    "    dependencies = [('lab', '0009')]": (
        "The graph of migrations cannot be loaded. NodeNotFoundError: Migration lab.0002_x "
        "dependencies reference nonexistent parent node ('lab', '0009'). Correct it."
    ),
}


def test_migration_that_cannot_be_loaded__named_in_one_line(lab: Lab) -> None:
    lab.write_migration("0001_x", ITEM)
    for source, message in UNLOADED.items():
        (lab.package / "migrations" / "0002_x.py").write_text(source)
        lab.reload()
        assert (explanation(migrate, "lab"), explanation(rollback, "lab")) == (message, message)


def test_migrate_after_migrations_whose_models_do_not_fit__names_the_model_in_one_line(
    parts: Lab,
) -> None:
    write(parts, 'migrations.DeleteModel("Item"),')
    migrate("lab", "--fake")
    parts.write_migration("0003_x", f'migrations.CreateModel("Other", [{KEY}]),')
    assert explanation(migrate, "lab") == (
        "The models of the migrations cannot be loaded. ValueError: The field lab.Part.item was "
        "declared with a lazy reference to 'lab.item', but app 'lab' doesn't provide model "
        "'item'. Correct it."
    )


class Fragile(RunSQL):
    """An operation that raises `error` after a test has set it."""

    error: Exception | None = None

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        if self.error:
            raise self.error


FRAGILE = "__import__('tests.migrating.test_failed_operations', fromlist=['x']).Fragile('', ''),"


def test_migrate_with_a_lookup_error_in_an_operation__shows_the_error(
    parts: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(parts, FRAGILE)
    for error, reason in (KeyError(), "KeyError"), (KeyError("x", 1), "KeyError: ('x', 1)"):
        monkeypatch.setattr(Fragile, "error", error)
        assert explanation(migrate, "lab") == (
            f"Cannot read lab.0002_x: 'Raw SQL operation' fails: {reason}. Nothing of lab.0002_x "
            f"is applied. {CORRECT}"
        )


def test_rollback_whose_states_cannot_be_built__names_the_operation_in_one_line(
    parts: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(parts, FRAGILE)
    migrate("lab")
    monkeypatch.setattr(Fragile, "error", ValueError("It breaks.\nAnd how."))
    assert refusal("lab", *GO_ON) == (
        f"Cannot read lab.0002_x: 'Raw SQL operation' fails: ValueError: It breaks. Nothing was "
        f"changed. {CORRECT}"
    )
