"""The makemigrations command in a copy of the project with deleted or edited files."""

import os
import re
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from tests.support.migrations import new_database, schema

APPS = [
    config.label
    for config in apps.get_app_configs()
    if Path(config.path).parent == settings.BASE_DIR and any(config.get_models())
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Provide a copy of the project, which may be edited."""
    for name in (*APPS, "config"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(settings.BASE_DIR / name, tmp_path / name, ignore=ignored)
    shutil.copy(settings.BASE_DIR / "manage.py", tmp_path)
    return tmp_path


def manage(
    root: Path, *arguments: str, stdin: str = "", url: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run manage.py of the project at `root`, on the server of the tests or on `url`."""
    database = settings.DATABASES["default"]
    directory = {"EMBEDDED_POSTGRES_DIR": str(database.get("EMBEDDED_POSTGRES_DIR", ""))}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=root,
        env=os.environ | directory | ({"DATABASE_URL": url, "DEBUG": "on"} if url else {}),
        input=stdin,
        capture_output=True,
        text=True,
    )


def migrations_of(root: Path) -> dict[str, str]:
    """Return migration files by path, without their first line, which holds the time."""
    return {
        str(path.relative_to(root)): path.read_text().partition("\n")[2]
        for app in APPS
        for path in sorted((root / app / "migrations").glob("0*.py"))
    }


def delete_migrations(root: Path) -> None:
    for path in root.glob("*/migrations/0*.py"):
        path.unlink()


def delete_contents_of_migrations(root: Path) -> None:
    for path in root.glob("*/migrations/*"):
        path.unlink()


def delete_migrations_packages(root: Path) -> None:
    for path in root.glob("*/migrations"):
        shutil.rmtree(path)


@pytest.mark.django_db
def test_models_as_committed__have_no_changes() -> None:
    output = StringIO()
    call_command("makemigrations", check_changes=True, dry_run=True, stdout=output)
    assert output.getvalue() == "No changes detected\n"


@pytest.mark.parametrize(
    "delete",
    [delete_migrations, delete_contents_of_migrations, delete_migrations_packages],
)
def test_migrations_deleted__written_for_every_app(copy: Path, delete: Any) -> None:
    delete(copy)
    result = manage(copy, "makemigrations")
    assert result.stderr == ""
    assert {path.partition("/")[0] for path in migrations_of(copy)} == set(APPS)
    assert manage(copy, "makemigrations", "--check").stdout == "No changes detected\n"


def columns_of_apps() -> set[str]:
    """Return the lines of the schema that are about columns of the project's own tables."""
    return {line for line in schema() if line.startswith(tuple(f"column {app}_" for app in APPS))}


@pytest.mark.django_db
def test_migrations_written_from_scratch__migrate_forwards_and_backwards(copy: Path) -> None:
    delete_migrations(copy)
    manage(copy, "makemigrations")
    with new_database() as name:
        url = database_url(name)
        there = manage(copy, "migrate", url=url)
        columns_there = columns_of_apps()
        back = manage(copy, "migrate", "users", "zero", url=url)
        columns_back = columns_of_apps()
    assert (there.returncode, there.stderr, back.returncode, back.stderr) == (0, "", 0, "")
    assert columns_there
    assert not columns_back


def test_one_app_named_in_an_empty_tree__written_with_its_dependencies(copy: Path) -> None:
    delete_migrations(copy)
    manage(copy, "makemigrations", "analytics")
    written = {path.partition("/")[0] for path in migrations_of(copy)}
    assert written == {"analytics", "courses", "users"}


ROLE_RENAMED = ('    STUDENT = "student"', '    LEARNER = "learner"')


def edit(path: Path, *replacements: tuple[str, str]) -> None:
    source = path.read_text()
    for old, new in replacements:
        assert old in source
        source = source.replace(old, new)
    path.write_text(source)


def test_label_added_to_a_type__written(copy: Path) -> None:
    edit(
        copy / "users/enums.py", ('    ADMIN = "admin"', '    GUEST = "guest"\n    ADMIN = "admin"')
    )
    manage(copy, "makemigrations")
    source = (copy / "users/migrations/0002_role_guest.py").read_text()
    assert (
        source.partition("operations = [\n")[2]
        == """\
        config.postgres.AddEnumValue(
            name='role',
            label='guest',
            after='educator',
        ),
    ]
"""
    )
    assert manage(copy, "makemigrations", "--check").stdout == "No changes detected\n"


def test_label_renamed__asked(copy: Path) -> None:
    edit(copy / "users/enums.py", ROLE_RENAMED)
    result = manage(copy, "makemigrations", stdin="y\n")
    assert result.stdout.startswith(
        "Was label 'student' of enum type role renamed to 'learner'? [y/N] "
    )
    assert "users/migrations/0002_rename_role_student_learner.py" in result.stdout
    assert manage(copy, "makemigrations", "--check").stdout == "No changes detected\n"


def test_label_renamed_without_an_answer__prints_the_assumption(copy: Path) -> None:
    edit(copy / "users/enums.py", ROLE_RENAMED)
    result = manage(copy, "makemigrations", "--noinput")
    assert result.stdout.splitlines() == [
        "Enum type role: assumed that label 'student' was removed and 'learner' added, not that "
        "one was renamed to the other. To be asked, run makemigrations without --noinput.",
        "Migrations for 'users':",
        "  users/migrations/0002_role_learner.py",
        "    + Add label 'learner' to enum type role",
        "  users/migrations/0003_alter_role.py",
        "    ~ Alter enum type role: remove 'student'",
    ]


def test_label_renamed_and_input_at_its_end__refused_and_nothing_written(copy: Path) -> None:
    edit(copy / "users/enums.py", ROLE_RENAMED)
    result = manage(copy, "makemigrations", stdin="")
    assert (result.returncode, result.stderr) == (
        1,
        "CommandError: This question got no answer, because input has ended; nothing was written. "
        "Run makemigrations in a terminal, or with --noinput, which prints what it assumes.\n",
    )
    assert migrations_of(copy) == migrations_of(settings.BASE_DIR)


@pytest.mark.parametrize("options", [["--noinput"], []], ids=["assumed", "asked"])
def test_type_renamed__written(copy: Path, options: list[str]) -> None:
    for path in (copy / "users").glob("*.py"):
        path.write_text(re.sub(r"\bRole\b", "UserRole", path.read_text()))
    result = manage(copy, "makemigrations", *options, stdin="y\n")
    message, _, files = result.stdout.partition("Migrations for")
    assert message == (
        "Enum type role: assumed that it was renamed to user_role, which has the same labels. To "
        "be asked, run makemigrations without --noinput.\n"
        if options
        else "Was enum type role renamed to user_role? [y/N] "
    )
    assert files.splitlines()[1:] == [
        "  users/migrations/0002_rename_role_user_role.py",
        "    ~ Rename enum type role to user_role",
    ]


def database_url(name: str) -> str:
    """Return the URL of a database on the server of the tests."""
    connection.ensure_connection()
    server = connection.connection.info
    where = {"host": server.host, "user": server.user, "password": server.password}
    return f"postgres://:{server.port}/{name}?{urlencode(where)}"


@pytest.mark.django_db
def test_labels_added_renamed_removed_and_used__migrate_forwards_and_backwards(copy: Path) -> None:
    """Do what a developer would do by hand: edit, makemigrations, migrate."""
    edit(
        copy / "users/enums.py",
        ROLE_RENAMED,
        ('    EDUCATOR = "educator"\n', '    GUEST = "guest"\n'),
    )
    edit(
        copy / "users/models.py",
        ("        Role, db_comment", "        Role, db_default=Role.GUEST, db_comment"),
    )
    with new_database() as name:
        url = database_url(name)
        manage(copy, "migrate", "users", url=url)
        written = manage(copy, "makemigrations", stdin="y\nn\n", url=url)
        outputs = [
            manage(copy, *command.split(), url=url)
            for command in (
                "migrate users",
                "makemigrations --check",
                "verify_schema users",
                "migrate users 0001",
            )
        ]
    assert [line for line in written.stdout.splitlines() if line.startswith("    ")] == [
        "    + Add label 'guest' to enum type role",
        "    ~ Rename label 'student' of enum type role to 'learner'",
        "    ~ Alter field role on user",
        "    ~ Alter enum type role: remove 'educator'",
    ]
    assert [(output.returncode, output.stderr) for output in outputs] == [(0, "")] * 4


def test_enum_field_added_and_migration_written__no_further_changes(copy: Path) -> None:
    models = copy / "users" / "models.py"
    source = models.read_text()
    field = "    second_role = EnumField(Role, null=True)\n    objects = UserManager()\n"
    models.write_text(source.replace("    objects = UserManager()\n", field))
    written = manage(copy, "makemigrations")
    assert "users/migrations/0002_user_second_role.py" in written.stdout
    assert manage(copy, "makemigrations", "--check").stdout == "No changes detected\n"
