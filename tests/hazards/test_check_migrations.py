"""The output and the exit status of check_migrations, and accepted hazards."""

import py_compile
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from config.hazards.management.commands.check_migrations import Command
from tests.support.lab import Lab
from tests.support.migrations import extra_migration, run_sql
from tests.support.processes import run

pytestmark = pytest.mark.django_db

INDEX = 'models.Index(fields=["title"], name="by_title")'
ADD_INDEX = f'operations = [migrations.AddIndex("notification", {INDEX})]'
CLEAN = "operations = []"


@dataclass(frozen=True)
class Run:
    status: int
    lines: list[str]


def check(*arguments: str) -> Run:
    output = StringIO()
    try:
        call_command("check_migrations", *arguments, stdout=output, no_color=True)
    except SystemExit as ended:
        return Run(int(ended.code or 0), output.getvalue().splitlines())
    except CommandError as error:
        return Run(error.returncode, [*output.getvalue().splitlines(), str(error)])
    return Run(0, output.getvalue().splitlines())


def accepting(reasons: str) -> str:
    return f"hazards_accepted = {reasons}\n    {ADD_INDEX}"


def test_migrations_of_the_project__have_no_hazards() -> None:
    assert check() == Run(0, ["No hazards in 9 migrations."])


def test_migration_with_a_hazard__is_shown_with_the_alternative_and_its_code() -> None:
    with extra_migration("notifications", ADD_INDEX):
        assert check("notifications") == Run(1, SHOWN.splitlines())


SHOWN = """\
notifications.0099_extra: Create index by_title on field(s) title of model notification
  require-concurrent-index-creation: PostgreSQL blocks writes to table notifications until the index
    is built.
  Instead: Build the index concurrently, in a separate migration.

    # 0099_extra.py. With this release:
    import django.contrib.postgres.operations
    from django.db import migrations, models


    class Migration(migrations.Migration):

        atomic = False

        dependencies = [
            ('notifications', '0001_initial'),
        ]

        operations = [
            django.contrib.postgres.operations.AddIndexConcurrently(
                model_name='notification',
                index=models.Index(fields=['title'], name='by_title'),
            ),
        ]

  Or accept it, in class Migration:
    hazards_accepted = {
        "require-concurrent-index-creation": "why it is acceptable",
    }

1 hazard in 2 migrations."""


def test_hazard_at_verbosity_0__only_the_verdict() -> None:
    with extra_migration("notifications", ADD_INDEX):
        assert check("notifications", "-v0") == Run(1, ["1 hazard in 2 migrations."])


def test_hazard_that_is_accepted__passes() -> None:
    body = accepting('{"require-concurrent-index-creation": "Has a dozen rows."}')
    with extra_migration("notifications", body):
        assert check("notifications") == Run(0, ["No hazards in 2 migrations. 1 hazard accepted."])


@pytest.mark.parametrize("reason", ['""', '"  "', "None"])
def test_hazard_that_is_accepted_without_a_reason__is_refused(reason: str) -> None:
    body = accepting(f'{{"require-concurrent-index-creation": {reason}}}')
    with extra_migration("notifications", body):
        assert check("notifications") == Run(
            1,
            [
                "notifications.0099_extra",
                "  It accepts require-concurrent-index-creation without a reason.",
                "",
                "No hazards in 2 migrations. 1 hazard accepted. 1 mistake in hazards_accepted.",
            ],
        )


def test_accepted_code_that_is_not_a_hazard__is_reported() -> None:
    with extra_migration("notifications", f'hazards_accepted = {{"x": "y"}}\n    {CLEAN}'):
        assert check("notifications", "0099") == Run(
            1,
            [
                "notifications.0099_extra",
                "  It accepts x, but has no such hazard.",
                "",
                "No hazards in 1 migration. 1 mistake in hazards_accepted.",
            ],
        )


def test_hazards_accepted_that_is_not_a_dict__is_reported() -> None:
    with extra_migration("notifications", f'hazards_accepted = ["x"]\n    {CLEAN}'):
        assert check("notifications", "0099").lines[1] == (
            "  Its hazards_accepted is not a dict. Write {code: reason}."
        )


def test_advice__is_shown_without_failing_the_check() -> None:
    body = 'operations = [migrations.RemoveConstraint("payment", "payments_amount_check")]'
    with extra_migration("payments", body):
        result = check("payments")
    assert (result.status, result.lines[1:]) == (
        0,
        [
            "  advice, ban-drop-constraint: Code may rely on the constraint.",
            "",
            "No hazards in 2 migrations.",
        ],
    )


def test_github_format__annotates_the_line_of_the_operation() -> None:
    with extra_migration("notifications", ADD_INDEX):
        result = check("notifications", "--format", "github")
    lines = [re.sub("file=[^,]*/notifications_migrations_[0-9]+/", "file=", result.lines[0])]
    assert lines + result.lines[1:] == [
        "::error file=0099_extra.py,line=5,title=require-concurrent-index-creation%3A Create index "
        "by_title on field(s) title of model notification::PostgreSQL blocks "
        "writes to table notifications until the index is built.%0AInstead: Build the index "
        "concurrently, in a separate migration.",
        "1 hazard in 2 migrations.",
    ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["payments", "0007"], "App 'payments' has no migration '0007'."),
        (["enrollments", "000"], "Several migrations of app 'enrollments' begin with '000'."),
        (
            ["staticfiles"],
            "App 'staticfiles' has no migrations. Apps with migrations: admin, analytics, "
            "assessments, auth, communication, contenttypes, courses, enrollments, notifications, "
            "payments, sessions, users.",
        ),
    ],
)
def test_wrong_app_or_migration__status_2_and_one_line(arguments: list[str], reason: str) -> None:
    assert check(*arguments) == Run(2, [reason])


def test_unknown_format__status_2_and_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "check_migrations", "--format", "yaml"])
    *_, line = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert re.search("invalid choice: 'yaml' .*text.*github", line)


def test_migration_that_removes_a_missing_field__status_2_and_one_line() -> None:
    with extra_migration(
        "notifications", 'operations = [migrations.RemoveField("notification", "nope")]'
    ):
        assert check("notifications") == Run(
            2,
            [
                "Cannot read notifications.0099_extra: 'Remove field nope from notification' "
                "fails: no migration before it creates field nope. Correct it, or add a "
                "dependency on the migration that it needs; --traceback shows the code."
            ],
        )


DEPENDENCIES = "dependencies = [('notifications', '0001_initial')]"
UNUSABLE: list[tuple[str, str]] = [
    ("class Migration(", "Migration {file} cannot be loaded. SyntaxError: '(' was never closed "
     "(0099_extra.py, line 2). Correct it."),
    ("import nowhere", "Migration {file} cannot be loaded. ModuleNotFoundError: No module named "
     "'nowhere'. Correct it."),
    ("1 / 0", "Migration {file} cannot be loaded. ZeroDivisionError: division by zero. Correct "
     "it."),
    ("raise SystemExit(3)", "Migration {file} cannot be loaded. SystemExit: 3. Correct it."),
    ("name = '\xe4'", "Migration {file} cannot be loaded. SyntaxError: (unicode error) 'utf-8' "
     "codec can't decode byte 0xe4 in position 0: unexpected end of data (0099_extra.py, line 2). "
     "Correct it."),
    ("", "Migration {file} cannot be loaded. BadMigrationError: Migration 0099_extra in app "
     "notifications has no Migration class. Correct it."),
    ("Migration = 3", "Migration {file} cannot be loaded. TypeError: 'int' object is not "
     "callable. Correct it."),
    ("class Migration(migrations.Migration):\n    operations = None", "Migration {file} cannot be "
     "loaded. TypeError: 'NoneType' object is not iterable. Correct it."),
    ("class Migration(migrations.Migration):\n    dependencies = [('nope', '1')]",
     "The graph of migrations cannot be loaded. NodeNotFoundError: Migration "
     "notifications.0099_extra dependencies reference nonexistent parent node ('nope', '1'). "
     "Correct it."),
    ("class Migration(migrations.Migration):\n    dependencies = [('notifications', '0099_extra')]",
     "The graph of migrations cannot be loaded. CircularDependencyError: "
     "notifications.0099_extra. Correct it."),
    (f"class Migration(migrations.Migration):\n    {DEPENDENCIES}\n    operations = ['x']",
     "The SQL of migration notifications.0099_extra cannot be read. AttributeError: 'str' object "
     "has no attribute 'state_forwards'"),
]  # fmt: skip


@contextmanager
def extra_file(source: str, *, coding: str = "latin-1") -> Iterator[Path]:
    """Add a migration file to app notifications until the block ends; yield its path."""
    with extra_migration("notifications", CLEAN):
        package = import_module(str(settings.MIGRATION_MODULES["notifications"]))
        path = Path(package.__path__[0]) / "0099_extra.py"
        if not source.startswith("#"):
            source = f"from django.db import migrations, models\n{source}"
        path.write_text(source, encoding=coding)
        yield path


@pytest.mark.parametrize("form", ["text", "github"])
@pytest.mark.parametrize(("source", "reason"), UNUSABLE)
def test_migration_file_that_cannot_be_used__status_2_and_one_line(
    source: str, reason: str, form: str
) -> None:
    with extra_file(source) as path:
        expected = reason.format(file=f"{path.parent.name}.0099_extra")
        assert check("notifications", "--format", form) == Run(2, [expected])


BODY = f"{DEPENDENCIES}\n    {ADD_INDEX}"
CLASS = "class Migration(migrations.Migration):\n"
UNUSUAL: list[tuple[str, int]] = [
    (f"#\nfrom django.db import migrations, models\nif True:\n  {CLASS}    {BODY}", 6),
    (f"#\nfrom django.db import migrations, models\ntry:\n  {CLASS}    {BODY}\n"
     "finally:\n  pass", 6),
    (f"#\nfrom django.db import migrations, models\nclass Base(migrations.Migration):\n"
     f"    {BODY}\nclass Migration(Base):\n  pass", 6),
    (f"#\nfrom django.db import migrations, models\n{CLASS}    pass\n{CLASS}    {BODY}", 7),
    (f"#\nfrom django.db import migrations, models\n{CLASS}    "
     + BODY.replace("operations =", "operations: list ="), 5),
    (f"#\nfrom django.db import migrations, models\n{CLASS}    "
     + BODY.replace("operations = ", "operations = []; operations += "), 3),
    ("#\nfrom django.db import migrations, models\nMigration = type('Migration', "
     f"(migrations.Migration,), dict({DEPENDENCIES}, {ADD_INDEX}))", 1),
    (f"# coding: latin-1\nfrom django.db import migrations, models\nname = '\xe4'\n"
     f"{CLASS}    {BODY}", 6),
]  # fmt: skip


@pytest.mark.parametrize(("source", "line"), UNUSUAL)
def test_github_format_of_an_unusual_file__has_the_line_of_the_hazard(
    source: str, line: int
) -> None:
    with extra_file(source) as path:
        first, verdict = check("notifications", "0099", "--format", "github").lines
    title = "title=require-concurrent-index-creation%3A"
    assert first.startswith(f"::error file={path},line={line},{title}")
    assert verdict == "1 hazard in 1 migration."


def test_github_format_of_a_compiled_file__names_that_file() -> None:
    with extra_file(f"#\nfrom django.db import migrations, models\n{CLASS}    {BODY}") as path:
        compiled = path.with_suffix(".pyc")
        py_compile.compile(str(path), cfile=str(compiled))
        path.unlink()
        first, _ = check("notifications", "0099", "--format", "github").lines
    assert first.startswith(f"::error file={compiled},line=1,")


@pytest.mark.parametrize(
    "function", ["lambda apps, editor: None", "functools.partial(print, 1)", "print"]
)
@pytest.mark.parametrize("form", ["text", "github"])
def test_function_without_source__is_a_hazard(function: str, form: str) -> None:
    body = f"import functools\n    operations = [migrations.RunPython({function})]"
    with extra_migration("notifications", body):
        result = check("notifications", "0099", "--format", form)
    assert (result.status, result.lines[-1]) == (1, "1 hazard in 1 migration.")


def test_operation_that_no_file_can_hold__reported_in_one_line() -> None:
    body = f"atomic = False\n    {ADD_INDEX[:-1]}, migrations.RunPython(lambda apps, editor: None)]"
    with extra_migration("notifications", body):
        assert check("notifications", "0099").lines[4:6] == [
            "",
            "    # No file can be written. ValueError: Cannot serialize function: lambda",
        ]


def test_process_without_a_server__status_2_and_one_line() -> None:
    variables = {"DATABASE_URL": "postgres://user@127.0.0.1:1/x", "DEBUG": "on"}
    process = run("manage.py", "check_migrations", **variables)
    assert (process.returncode, process.stdout, process.stderr) == (
        2,
        "",
        'CommandError: connection to server at "127.0.0.1", port 1 failed: Connection refused. '
        "Start the server, or correct the host and the port in DATABASE_URL.\n",
    )


def test_check_without_squawk__status_2_and_next_step(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with extra_migration("notifications", ADD_INDEX):
        assert check("notifications") == Run(
            2, ["squawk is not installed. Run make, or pip install squawk-cli."]
        )


def test_squashed_migration__checked_with_those_that_it_replaces(lab: Lab) -> None:
    for name, operations in (("0001_one", CREATED), ("0002_two", INDEXED)):
        lab.write_migration(name, operations)
    squashed = lab.package / "migrations" / "0001_squashed.py"
    lab.write_migration("0003_x", CREATED + INDEXED)
    (lab.package / "migrations" / "0003_x.py").rename(squashed)
    replaces = 'replaces = [("lab", "0001_one"), ("lab", "0002_two")]\n    dependencies = []'
    squashed.write_text(re.sub(r"dependencies = .*", replaces, squashed.read_text()))
    lab.reload()
    assert check("lab", "-v0") == Run(1, ["1 hazard in 3 migrations."])
    assert check("lab", "0002").lines[0].startswith("lab.0002_two: Create index by_title")
    assert check("lab", "0001_squashed") == Run(0, ["No hazards in 1 migration."])


CREATED = """
    migrations.CreateModel("Item", [("id", models.AutoField(primary_key=True))]),
"""
INDEXED = 'migrations.AddIndex("item", models.Index(fields=["id"], name="by_title")),'


def test_check__runs_no_migration() -> None:
    before = run_sql("SELECT count(*) FROM pg_class")
    check()
    assert run_sql("SELECT count(*) FROM pg_class") == before
