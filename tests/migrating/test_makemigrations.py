"""makemigrations in a project without migrations, and after changes of models."""

import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.db.migrations.state import ModelState
from pytest_django import DjangoDbBlocker

from config.project import own_apps
from tests.support.copies import copy_directory
from tests.support.lab import Lab
from tests.support.migrations import (
    described,
    detected,
    migrate,
    model,
    new_default_database,
    schema,
    steps,
)
from tests.support.processes import fork, printed
from tests.support.verify_schema import IDENTICAL, verify_schema

APPS = [config.label for config in own_apps()]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the project to edit, with bytecode so that it starts quickly."""
    for name in (*APPS, "config"):
        copy_directory(settings.BASE_DIR / name, tmp_path / name)
    shutil.copy(settings.BASE_DIR / "manage.py", tmp_path)
    return tmp_path


@pytest.fixture
def empty_url(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Yield the URL of an empty database. The alias "default" also uses this database."""
    with django_db_blocker.unblock(), new_default_database() as name:
        connection.ensure_connection()
        server = connection.connection.info
        where = {"host": server.host, "user": server.user, "password": server.password}
        yield f"postgres://:{server.port}/{name}?{urlencode(where, quote_via=quote)}"


MANAGE_EACH = """
import sys, manage
for line in sys.argv[1:]:
    sys.argv = ["manage.py", *line.split()]
    manage.main()
"""


def manage(root: Path, *commands: str, url: str) -> str:
    """Run manage.py of the project at `root` with each of `commands`; return the output."""
    return printed(fork(root, ["-c", MANAGE_EACH, *commands], {"DATABASE_URL": url}))


def apps_written(root: Path) -> set[str]:
    """Return the apps of the project at `root` that have migrations."""
    return {path.parent.parent.name for path in root.glob("*/migrations/0*.py")}


def delete_migrations(root: Path) -> None:
    for path in root.glob("*/migrations/0*.py"):
        path.unlink()


def delete_contents_of_migrations(root: Path) -> None:
    for path in root.glob("*/migrations"):
        shutil.rmtree(path)
        path.mkdir()


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
    [delete_contents_of_migrations, delete_migrations_packages],
)
def test_migrations_deleted__written_again_for_every_app(
    project: Path, empty_url: str, delete: Any
) -> None:
    delete(project)
    manage(project, "makemigrations --skip-checks", url=empty_url)
    assert apps_written(project) == set(APPS)


TABLES_OF_PAYMENTS = {"payments", "refunds", "subscriptions"}


def test_migrations_written_from_scratch__migrate_forwards_and_backwards(
    project: Path, empty_url: str
) -> None:
    delete_migrations(project)
    written = ("makemigrations -v0", "makemigrations --check", "migrate -v0")
    lines = manage(project, *written, "migrate payments zero", url=empty_url).splitlines()
    assert apps_written(project) == set(APPS)
    assert lines[0] == "No changes detected"
    assert "  Unapplying payments.0001_initial... OK" in lines
    tables = set(connection.introspection.table_names())
    assert {"courses"} == tables & {"courses", *TABLES_OF_PAYMENTS}


def test_one_app_named_in_an_empty_tree__written_with_its_dependencies(
    project: Path, empty_url: str
) -> None:
    delete_migrations(project)
    manage(project, "makemigrations analytics --skip-checks", url=empty_url)
    assert apps_written(project) == {"analytics", "courses", "users"}


# Edits of an enum class

MODELS = """
class Mood(models.TextChoices):
    SAD = "sad"
    CALM = "calm"
    HAPPY = "happy"

class Song(models.Model):
    mood = EnumField(Mood)
"""
RENAMED = MODELS.replace('SAD = "sad"', 'BLUE = "blue"')
NO_CHANGES = "No changes detected in app 'lab'\n"


@pytest.fixture
def song(lab: Lab) -> Lab:
    lab.write_models(MODELS)
    lab.make_migrations()
    return lab


def make_migrations(lab: Lab, *options: str, answers: str = "") -> str:
    """Run makemigrations with `answers` on stdin; return what it prints and asks."""
    output = StringIO()
    with patch("sys.stdin", StringIO(answers)), redirect_stdout(output):
        call_command("makemigrations", "lab", *options, stdout=output, no_color=True)
    lab.reload()
    return output.getvalue()


def test_label_added_to_a_type__written(song: Lab) -> None:
    song.write_models(MODELS.replace("    HAPPY", '    GLAD = "glad"\n    HAPPY'))
    make_migrations(song)
    source = (song.package / "migrations/0002_mood_glad.py").read_text()
    assert (
        source.partition("operations = [\n")[2]
        == """\
        config.postgres.AddEnumValue(
            name='mood',
            label='glad',
            after='calm',
        ),
    ]
"""
    )
    assert make_migrations(song, "--check") == NO_CHANGES


def test_label_renamed__developer_is_asked(song: Lab) -> None:
    song.write_models(RENAMED)
    output = make_migrations(song, answers="y\n")
    assert output.startswith("Was label 'sad' of enum type mood renamed to 'blue'? [y/N] ")
    assert song.migrations == ["0001_initial", "0002_rename_mood_sad_blue"]
    assert make_migrations(song, "--check") == NO_CHANGES


def test_label_renamed_without_an_answer__prints_the_assumption(song: Lab) -> None:
    song.write_models(RENAMED)
    assert make_migrations(song, "--noinput").splitlines() == [
        "Enum type mood: assumed that label 'sad' was removed, and not renamed to 'blue'. To be "
        "asked, run makemigrations without --noinput.",
        "Migrations for 'lab':",
        f"  {song.package}/migrations/0002_mood_blue.py",
        "    + Add label 'blue' to enum type mood",
        f"  {song.package}/migrations/0003_alter_mood.py",
        "    ~ Alter enum type mood: remove 'sad'",
    ]


def test_label_renamed_and_input_at_its_end__refused_and_nothing_written(song: Lab) -> None:
    song.write_models(RENAMED)
    with pytest.raises(CommandError) as refusal:
        make_migrations(song)
    assert (refusal.value.returncode, str(refusal.value)) == (
        1,
        "This question got no answer, because input has ended; nothing was written. "
        "Run makemigrations in a terminal, or with --noinput, which prints what it assumes.",
    )
    assert song.migrations == ["0001_initial"]


@pytest.mark.parametrize("options", [["--noinput"], []], ids=["assumed", "asked"])
def test_type_renamed__written(song: Lab, options: list[str]) -> None:
    song.write_models(MODELS.replace("Mood", "Feeling"))
    message, _, files = make_migrations(song, *options, answers="y\n").partition("Migrations for")
    assert message == (
        "Enum type mood: assumed that it was renamed to feeling, which has the same labels. To "
        "be asked, run makemigrations without --noinput.\n"
        if options
        else "Was enum type mood renamed to feeling? [y/N] "
    )
    assert files.splitlines()[1:] == [
        f"  {song.package}/migrations/0002_rename_mood_feeling.py",
        "    ~ Rename enum type mood to feeling",
    ]


def test_labels_added_renamed_removed_and_used__migrate_forwards_and_backwards(song: Lab) -> None:
    """Do what a developer does: edit, makemigrations, migrate."""
    migrate("lab")
    before = schema()
    edited = RENAMED.replace('CALM = "calm"', 'GLAD = "glad"')
    song.write_models(edited.replace("(Mood)", "(Mood, db_default=Mood.GLAD)"))
    written = make_migrations(song, answers="y\nn\n")
    assert [line for line in written.splitlines() if line.startswith("    ")] == [
        "    + Add label 'glad' to enum type mood",
        "    ~ Rename label 'sad' of enum type mood to 'blue'",
        "    ~ Alter field mood on song",
        "    ~ Alter enum type mood: remove 'calm'",
    ]
    migrate("lab")
    assert make_migrations(song, "--check") == NO_CHANGES
    assert verify_schema().verdict == IDENTICAL
    migrate("lab", "0001")
    assert schema() == before


def test_enum_field_added_and_migration_written__no_further_changes(song: Lab) -> None:
    song.write_models(f"{MODELS}    second_mood = EnumField(Mood, null=True)\n")
    make_migrations(song)
    assert song.migrations == ["0001_initial", "0002_song_second_mood"]
    assert make_migrations(song, "--check") == NO_CHANGES


# Models that refer to renamed ones

NAME, TITLE = models.CharField(max_length=9), models.TextField()
SHELF, RACK = model("lab2.Shelf", name=NAME), model("lab2.Rack", name=NAME)
ITEM, LINK = model("lab.Item", title=TITLE), models.ManyToManyField("lab2.Rack")


@pytest.mark.parametrize(
    "after", [[ITEM, model("lab.Box", racks=LINK)], [model("lab.Item", title=TITLE, racks=LINK)]]
)
def test_model_that_refers_to_a_renamed_model_of_another_app__created_after_the_renaming(
    after: list[ModelState],
) -> None:
    changes = detected([ITEM, SHELF], [*after, RACK])
    [renaming], [made] = changes["lab2"], changes["lab"]
    assert described(renaming.operations) == ["Rename model Shelf to Rack"]
    assert ("lab2", renaming.name) in made.dependencies
    assert ("lab", made.name) not in renaming.dependencies


def test_renamed_models_of_two_apps_that_refer_to_each_other__each_key_after_the_renaming() -> None:
    key = models.ForeignKey("lab.Thing", models.CASCADE, null=True)
    item = model("lab.Item", shelf=models.ForeignKey("lab2.Shelf", models.CASCADE))
    thing = model("lab.Thing", shelf=models.ForeignKey("lab2.Rack", models.CASCADE))
    changes = detected([item, SHELF], [thing, RACK, model("lab2.Part", thing=key)])
    assert steps(changes) == {
        "lab": [["Rename model Item to Thing"]],
        "lab2": [["Rename model Shelf to Rack", "Create model Part"]],
    }
    assert ("lab", changes["lab"][0].name) in changes["lab2"][-1].dependencies
