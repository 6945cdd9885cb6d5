"""CreateEnum, DropEnum and operations on enum fields: forwards, back, forwards on PostgreSQL."""

from collections.abc import Sequence
from io import StringIO
from typing import Any

import pytest
from django.contrib.postgres.fields import ArrayField
from django.core.management import call_command
from django.db import InternalError, connection, models
from django.db.migrations.operations import (
    AddField,
    AlterField,
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameField,
    RunSQL,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.optimizer import MigrationOptimizer
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import OperationWriter
from pytest_django import Settings

from config.database.fields import EnumField
from config.database.operations import CreateEnum, DropEnum
from tests.database.migration_helpers import applied, described, run_sql, schema, unapplied

LABELS = ("happy", "sad")
CREATE, DROP = CreateEnum("mood", LABELS), DropEnum("mood", LABELS)
ENUM_TYPE = "enum type mood ('happy', 'sad')"


def mood(**options: Any) -> EnumField:
    """The field as a migration holds it."""
    return EnumField(type_name="mood", labels=LABELS, **options)


def song(**fields: Any) -> CreateModel:
    key = models.AutoField(primary_key=True)
    return CreateModel("Song", [("id", key), *fields.items()])


ADD_MOOD = AddField("song", "mood", mood(db_default="sad"))


# On the database


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "operations"),
    [
        ([], [CREATE]),
        ([CREATE], [DROP]),
        ([], [CREATE, song(mood=mood())]),
        ([CREATE, song(mood=mood())], [DeleteModel("Song"), DROP]),
        ([song()], [CREATE, ADD_MOOD]),
        ([song()], [CREATE, AddField("song", "moods", ArrayField(mood(), db_default=[]))]),
        ([CREATE, song(mood=mood(null=True))], [RemoveField("song", "mood"), DROP]),
        ([CREATE, song(mood=mood())], [RenameField("song", "mood", "feeling")]),
        ([CREATE, song(mood=mood())], [AlterField("song", "mood", mood(db_default="sad"))]),
    ],
    ids=lambda operations: ", ".join(described(operations)),
)
def test_operations_forwards_back_forwards__lead_to_the_same_schema(
    before: Sequence[Operation], operations: Sequence[Operation]
) -> None:
    state = applied(ProjectState(), *before)
    schema_before = schema()
    applied(state, *operations)
    schema_after = schema()
    assert schema_after != schema_before
    unapplied(state, *operations)
    assert schema() == schema_before
    applied(state, *operations)
    assert schema() == schema_after


@pytest.mark.django_db
def test_create_enum__makes_the_type_and_nothing_else() -> None:
    before = schema()
    applied(ProjectState(), CREATE)
    assert schema() - before == {ENUM_TYPE}


@pytest.mark.django_db
def test_drop_enum__drops_the_type_and_nothing_else() -> None:
    state = applied(ProjectState(), CREATE)
    before = schema()
    applied(state, DROP)
    assert before - schema() == {ENUM_TYPE}


@pytest.mark.django_db
def test_drop_enum_while_a_column_has_the_type__refused() -> None:
    state = applied(ProjectState(), CREATE, song(mood=mood()))
    with pytest.raises(InternalError) as error:
        applied(state, DROP)
    assert str(error.value).splitlines()[:2] == [
        "cannot drop type mood because other objects depend on it",
        "DETAIL:  column mood of table music_song depends on type mood",
    ]


@pytest.mark.django_db
def test_enum_field_added_to_a_table_with_rows__rows_get_the_default() -> None:
    state = applied(ProjectState(), song())
    run_sql("INSERT INTO music_song DEFAULT VALUES")
    applied(state, CREATE, ADD_MOOD)
    assert run_sql("SELECT mood FROM music_song") == [("sad",)]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["mood", "Mood", "my mood", "mood's", "nálada", "%s"])
def test_odd_name_of_a_type__quoted(name: str) -> None:
    before = schema()
    field = EnumField(type_name=name, labels=LABELS)
    operations = CreateEnum(name, LABELS), song(mood=field, moods=ArrayField(field, default=list))
    applied(ProjectState(), *operations)
    run_sql("INSERT INTO music_song (mood, moods) VALUES ('sad', '{sad}')")
    unapplied(ProjectState(), *operations)
    assert schema() == before


@pytest.mark.django_db
def test_odd_labels__stored_as_they_are_and_in_order() -> None:
    labels = ["z", "it's", 'the "label"', "back\\slash", "šťastný", "100%", "%s", "{a,b}", " ", "A"]
    applied(ProjectState(), CreateEnum("mood", labels))
    assert run_sql("SELECT unnest(enum_range(NULL::mood))::text") == [(label,) for label in labels]


@pytest.mark.django_db
def test_odd_label_as_default__stored_as_it_is() -> None:
    label = "it's 100%"
    field = EnumField(type_name="mood", labels=[label], db_default=label)
    applied(ProjectState(), CreateEnum("mood", [label]), song(mood=field))
    assert run_sql("INSERT INTO music_song DEFAULT VALUES RETURNING mood") == [(label,)]


@pytest.mark.django_db
def test_array_of_a_type_just_created__read_as_labels() -> None:
    applied(ProjectState(), CREATE)
    assert run_sql("SELECT ARRAY['happy', 'sad']::mood[]") == [(["happy", "sad"],)]


@pytest.mark.django_db
def test_array_of_a_type_dropped_and_created_again__read_as_labels() -> None:
    state = applied(ProjectState(), CREATE)
    unapplied(ProjectState(), CREATE)
    applied(state, CREATE)
    assert run_sql("SELECT ARRAY['happy']::mood[]") == [(["happy"],)]


class NoMusic:
    """A router that keeps app "music" out of every database."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if app_label == "music" else None


@pytest.mark.django_db
@pytest.mark.parametrize("operation", [CREATE, DROP])
def test_enum_operation_that_a_router_disallows__does_nothing(
    operation: Operation, settings: Settings
) -> None:
    settings.DATABASE_ROUTERS = [NoMusic()]
    before = schema()
    applied(ProjectState(), operation)
    assert schema() == before
    unapplied(ProjectState(), operation)
    assert schema() == before


# As SQL


@pytest.mark.django_db
def test_operations_collected_as_sql__not_run() -> None:
    before = schema()
    with connection.schema_editor(collect_sql=True) as editor:
        CREATE.database_forwards("music", editor, ProjectState(), ProjectState())
        CREATE.database_backwards("music", editor, ProjectState(), ProjectState())
    assert editor.collected_sql == [
        """CREATE TYPE "mood" AS ENUM ('happy', 'sad');""",
        'DROP TYPE "mood";',
    ]
    assert schema() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "statement"),
    [
        ([], "CREATE TYPE \"role\" AS ENUM ('student', 'educator', 'admin');"),
        (["--backwards"], 'DROP TYPE "role";'),
    ],
)
def test_sqlmigrate__shows_the_enum_type(options: list[str], statement: str) -> None:
    output = StringIO()
    call_command("sqlmigrate", "users", "0001", *options, stdout=output, no_color=True)
    assert [line for line in output.getvalue().splitlines() if " TYPE " in line] == [statement]


# As text


@pytest.mark.parametrize(
    ("operation", "description", "fragment"),
    [
        (CREATE, "+ Create enum type mood", "mood"),
        (DROP, "- Drop enum type mood", "drop_mood"),
    ],
)
def test_enum_operation__says_what_it_does(
    operation: Operation, description: str, fragment: str
) -> None:
    assert operation.formatted_description() == description
    assert operation.migration_name_fragment == fragment


@pytest.mark.parametrize("operation", [CREATE, DROP])
def test_enum_operation_written__is_called_with_plain_labels(operation: Operation) -> None:
    source, imports = OperationWriter(operation, indentation=0).serialize()
    assert source.splitlines() == [
        f"config.database.operations.{type(operation).__name__}(",
        "    name='mood',",
        "    labels=('happy', 'sad'),",
        "),",
    ]
    assert imports == {"import config.database.operations"}


# Optimized, as by makemigrations and squashmigrations


@pytest.mark.parametrize(
    ("operations", "optimized"),
    [
        pytest.param([CREATE, DROP], [], id="created and dropped"),
        pytest.param(
            [CREATE, song(mood=mood()), DeleteModel("Song"), DROP],
            [],
            id="created and dropped with its model",
        ),
        pytest.param(
            [CREATE, DropEnum("tempo", ["slow"])],
            ["Create enum type mood", "Drop enum type tempo"],
            id="another type dropped",
        ),
        pytest.param(
            [song(), CREATE, ADD_MOOD],
            ["Create enum type mood", "Create model Song"],
            id="field merged into its model, after the type",
        ),
        pytest.param(
            [
                song(mood=models.TextField()),
                CREATE,
                AlterField("song", "mood", mood()),
            ],
            ["Create enum type mood", "Create model Song"],
            id="alteration merged into its model, after the type",
        ),
        pytest.param(
            [
                CREATE,
                song(mood=mood()),
                AlterField("song", "mood", models.TextField()),
                DROP,
            ],
            ["Create enum type mood", "Create model Song", "Drop enum type mood"],
            id="type not needed in the end",
        ),
        pytest.param(
            [AlterField("song", "mood", models.TextField()), DROP, RemoveField("song", "mood")],
            ["Alter field mood on song", "Drop enum type mood", "Remove field mood from song"],
            id="alteration that frees the type is kept",
        ),
        pytest.param(
            [CREATE, RunSQL("UPDATE song SET mood = 'sad'", elidable=True), ADD_MOOD],
            ["Create enum type mood", "Add field mood to song"],
            id="elidable step left out",
        ),
    ],
)
def test_operations_optimized__keep_the_type_around_all_that_uses_it(
    operations: list[Operation], optimized: list[str]
) -> None:
    result = MigrationOptimizer().optimize(operations, "music")
    assert described(result) == optimized
