"""makemigrations as a developer runs it: in a copy of the project, with files deleted or edited."""

import os
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

APPS = [
    config.label
    for config in apps.get_app_configs()
    if Path(config.path).parent == settings.BASE_DIR and any(config.get_models())
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project, which may be edited."""
    for name in (*APPS, "config"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(settings.BASE_DIR / name, tmp_path / name, ignore=ignored)
    shutil.copy(settings.BASE_DIR / "manage.py", tmp_path)
    return tmp_path


def manage(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py of the project at `root`, on the server of the tests."""
    database = settings.DATABASES["default"]
    directory = {"EMBEDDED_POSTGRES_DIR": str(database.get("EMBEDDED_POSTGRES_DIR", ""))}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=root,
        env=os.environ | directory,
        capture_output=True,
        text=True,
    )


def migrations_of(root: Path) -> dict[str, str]:
    """By path, each migration file without its first line, which says when it was written."""
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
def test_migrations_deleted__written_again_as_committed(copy: Path, delete: Any) -> None:
    delete(copy)
    result = manage(copy, "makemigrations")
    assert result.stderr == ""
    assert migrations_of(copy) == migrations_of(settings.BASE_DIR)


def test_one_app_named_in_an_empty_tree__written_with_what_it_needs(copy: Path) -> None:
    delete_migrations(copy)
    manage(copy, "makemigrations", "analytics")
    committed = migrations_of(settings.BASE_DIR)
    needed = [f"{app}/migrations/0001_initial.py" for app in ("analytics", "courses", "users")]
    assert migrations_of(copy) == {path: committed[path] for path in needed}


def test_label_added_to_a_type__refused_and_nothing_written(copy: Path) -> None:
    enums = copy / "users" / "enums.py"
    enums.write_text(enums.read_text().rstrip() + '\n    GUEST = "guest"\n')
    result = manage(copy, "makemigrations")
    assert result.returncode == 1
    assert result.stderr == (
        "CommandError: The labels of enum type 'role' changed from (student, educator, admin) to "
        "(student, educator, admin, guest), which migrations cannot do yet. Restore them in app "
        "'users', or give the new set of labels to a class of another name.\n"
    )
    assert migrations_of(copy) == migrations_of(settings.BASE_DIR)


def test_enum_field_added_and_migration_written__no_further_changes(copy: Path) -> None:
    models = copy / "users" / "models.py"
    source = models.read_text()
    field = "    second_role = EnumField(Role, null=True)\n    objects = UserManager()\n"
    models.write_text(source.replace("    objects = UserManager()\n", field))
    written = manage(copy, "makemigrations")
    assert "users/migrations/0002_user_second_role.py" in written.stdout
    assert manage(copy, "makemigrations", "--check").stdout == "No changes detected\n"
