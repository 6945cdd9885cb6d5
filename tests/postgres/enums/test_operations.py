"""Operations on enum types: on the database, in the state, as SQL, as text, and optimized."""

from collections.abc import Sequence
from io import StringIO
from typing import Any

import pytest
from django.contrib.postgres.fields import ArrayField
from django.core.management import call_command
from django.core.management.base import CommandError
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
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from config.postgres.enums.field import EnumField, enum_field
from config.postgres.enums.operations import (
    AddEnumValue,
    AlterEnum,
    CreateEnum,
    DropEnum,
    RenameEnum,
    RenameEnumValue,
)
from tests.support.migrations import (
    applied,
    check_reversible,
    described,
    new_schema,
    run_sql,
    unapplied,
)

LABELS = ("happy", "sad")
CREATE, DROP = CreateEnum("mood", LABELS), DropEnum("mood", LABELS)
ENUM_TYPE = "enum type mood ('happy', 'sad')"


def mood(**options: Any) -> EnumField:
    """Return the field as a migration holds it."""
    return EnumField(type_name="mood", labels=LABELS, **options)


def song(**fields: Any) -> CreateModel:
    key = models.AutoField(primary_key=True)
    return CreateModel("Song", [("id", key), *fields.items()])


ADD_MOOD = AddField("song", "mood", mood(db_default="sad"))
ADD = AddEnumValue("mood", "calm", after="happy")
RENAME = RenameEnumValue("mood", "sad", "blue")
ALTER = AlterEnum("mood", labels=["sad", "calm"], old_labels=LABELS)
REPLACE = AlterEnum("mood", ["sad"], LABELS, replace={"happy": "sad"})
REORDER = AlterEnum("mood", labels=["sad", "happy"], old_labels=LABELS)
RENAME_TYPE = RenameEnum("mood", "feeling")
USED = [CREATE, song(mood=mood(db_default="sad"), moods=ArrayField(mood(), db_default=["sad"]))]


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
        (USED, [AddEnumValue("mood", "calm")]),
        (USED, [AddEnumValue("mood", "calm", before="happy")]),
        (USED, [ADD]),
        (USED, [RENAME]),
        (USED, [ALTER]),
        (USED, [REORDER]),
        (USED, [RENAME_TYPE]),
        (USED, [ADD, RENAME, AlterEnum("mood", ["blue"], ["happy", "calm", "blue"])]),
        (USED, [RENAME_TYPE, AddEnumValue("feeling", "calm", before="sad")]),
    ],
    ids=lambda operations: ", ".join(described(operations)),
)
def test_operations_forwards_backwards_forwards__lead_to_the_same_schema(
    before: Sequence[Operation], operations: Sequence[Operation]
) -> None:
    check_reversible(applied(ProjectState(), *before), *operations)


@pytest.mark.django_db
def test_create_and_drop_enum__change_nothing_but_the_type() -> None:
    before = new_schema()
    state = applied(ProjectState(), CREATE)
    assert new_schema() - before == {ENUM_TYPE}
    applied(state, DROP)
    assert new_schema() == before


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
    before = new_schema()
    field = EnumField(type_name=name, labels=LABELS)
    operations = CreateEnum(name, LABELS), song(mood=field, moods=ArrayField(field, default=list))
    applied(ProjectState(), *operations)
    run_sql("INSERT INTO music_song (mood, moods) VALUES ('sad', '{sad}')")
    unapplied(ProjectState(), *operations)
    assert new_schema() == before


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
@pytest.mark.parametrize("operation", [CREATE, DROP, ADD, RENAME, ALTER, RENAME_TYPE])
def test_enum_operation_that_a_router_disallows__does_nothing(
    operation: Operation, settings: Settings
) -> None:
    settings.DATABASE_ROUTERS = [NoMusic()]
    before = new_schema()
    applied(ProjectState(), operation)
    assert new_schema() == before
    unapplied(ProjectState(), operation)
    assert new_schema() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("operation", "labels"),
    [
        (AddEnumValue("mood", "it's 100%"), "'happy', 'sad', 'it''s 100%'"),
        (AddEnumValue("mood", "calm", before="happy"), "'calm', 'happy', 'sad'"),
        (AddEnumValue("mood", "calm", before="sad"), "'happy', 'calm', 'sad'"),
        (AddEnumValue("mood", "calm", after="happy"), "'happy', 'calm', 'sad'"),
        (AddEnumValue("mood", "calm", after="sad"), "'happy', 'sad', 'calm'"),
        (RenameEnumValue("mood", "sad", "it's 100%"), "'happy', 'it''s 100%'"),
        (ALTER, "'sad', 'calm'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_changed_labels__have_their_order_in_the_database(
    operation: Operation, labels: str
) -> None:
    applied(applied(ProjectState(), CREATE), operation)
    assert f"enum type mood ({labels})" in new_schema()


@pytest.mark.django_db
def test_label_removed__each_table_rewritten_once() -> None:
    applied(ProjectState(), *USED)
    with CaptureQueriesContext(connection) as queries:
        applied(ProjectState(), ALTER)
    rewrites = [query["sql"] for query in queries if " TYPE mood USING " in query["sql"]]
    assert rewrites == [
        "ALTER TABLE public.music_song ALTER COLUMN mood TYPE mood USING mood::text::mood,"
        " ALTER COLUMN mood SET DEFAULT 'sad'::mood,"
        " ALTER COLUMN moods TYPE mood[] USING moods::text[]::mood[],"
        " ALTER COLUMN moods SET DEFAULT '{sad}'::mood[]"
    ]


# In the state


def labels_of(state: ProjectState) -> list[tuple[str, ...]]:
    fields = state.models["music", "song"].fields.values()
    return [enum.labels for field in fields if (enum := enum_field(field))]


@pytest.mark.parametrize(
    ("operation", "labels"),
    [
        (AddEnumValue("mood", "calm"), ("happy", "sad", "calm")),
        (AddEnumValue("mood", "calm", before="happy"), ("calm", "happy", "sad")),
        (ADD, ("happy", "calm", "sad")),
        (RENAME, ("happy", "blue")),
        (ALTER, ("sad", "calm")),
        (RENAME_TYPE, LABELS),
        (RenameEnumValue("tempo", "sad", "blue"), LABELS),
    ],
    ids=lambda value: value.describe() if isinstance(value, Operation) else "",
)
def test_enum_operation__all_fields_of_the_type_follow(
    operation: Operation, labels: tuple[str, ...]
) -> None:
    state = ProjectState()
    for each in (*USED, operation):
        each.state_forwards("music", state)
    assert labels_of(state) == [labels, labels]


def test_label_renamed__defaults_follow() -> None:
    state = ProjectState()
    for operation in (*USED, RENAME):
        operation.state_forwards("music", state)
    fields: Any = state.models["music", "song"].fields
    assert (fields["mood"].db_default, fields["moods"].db_default) == ("blue", ["blue"])


def test_operation_on_one_state__other_states_stay() -> None:
    state = ProjectState()
    for operation in USED:
        operation.state_forwards("music", state)
    clone = state.clone()
    ADD.state_forwards("music", clone)
    assert labels_of(state) == [LABELS, LABELS]


def test_label_added_next_to_a_missing_label__refused() -> None:
    state = ProjectState()
    for operation in USED:
        operation.state_forwards("music", state)
    with pytest.raises(CommandError) as error:
        AddEnumValue("mood", "calm", after="blue").state_forwards("music", state)
    assert str(error.value) == (
        "Cannot add label 'calm' to enum type 'mood' next to 'blue': the type has only the labels "
        "happy, sad. Correct the migration."
    )


def test_label_added_before_one_and_after_another__refused() -> None:
    with pytest.raises(ValueError, match="both") as error:
        AddEnumValue("mood", "calm", before="happy", after="sad")
    assert str(error.value) == "Label 'calm' cannot have both `before` and `after`. Remove one."


# As SQL


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("operation", "forwards", "backwards"),
    [
        (
            AddEnumValue("mood", "it's"),
            ["ALTER TYPE \"mood\" ADD VALUE 'it''s';"],
            ["-- Enum type mood is not in this database yet, so its dependents are unknown."],
        ),
        (
            RENAME,
            ["ALTER TYPE \"mood\" RENAME VALUE 'sad' TO 'blue';"],
            ["ALTER TYPE \"mood\" RENAME VALUE 'blue' TO 'sad';"],
        ),
        (
            RENAME_TYPE,
            ['ALTER TYPE "mood" RENAME TO "feeling";'],
            ['ALTER TYPE "feeling" RENAME TO "mood";'],
        ),
    ],
)
def test_change_of_a_type_collected_as_sql__shown(
    operation: Operation, forwards: list[str], backwards: list[str]
) -> None:
    shown = []
    for run in (operation.database_forwards, operation.database_backwards):
        with connection.schema_editor(collect_sql=True) as editor:
            run("music", editor, ProjectState(), ProjectState())
        shown.append(editor.collected_sql)
    assert shown == [forwards, backwards]


@pytest.mark.django_db
def test_removal_of_a_used_label_collected_as_sql__shows_the_statements() -> None:
    applied(ProjectState(), CREATE, song(mood=mood()))
    run_sql("INSERT INTO music_song (mood) VALUES ('happy')")
    [[oid]] = run_sql("SELECT 'mood'::regtype::oid::bigint")
    with connection.schema_editor(collect_sql=True) as editor:
        ALTER.database_forwards("music", editor, ProjectState(), ProjectState())
    assert editor.collected_sql == [
        "LOCK TABLE music_song IN ACCESS EXCLUSIVE MODE;",
        f"ALTER TYPE public.mood RENAME TO replaced_{oid};",
        "CREATE TYPE public.mood AS ENUM ('sad', 'calm');",
        "ALTER TABLE public.music_song ALTER COLUMN mood TYPE mood USING mood::text::mood;",
        f"DROP TYPE public.replaced_{oid};",
    ]


@pytest.mark.django_db
def test_operations_collected_as_sql__not_run() -> None:
    before = new_schema()
    with connection.schema_editor(collect_sql=True) as editor:
        CREATE.database_forwards("music", editor, ProjectState(), ProjectState())
        CREATE.database_backwards("music", editor, ProjectState(), ProjectState())
    assert editor.collected_sql == [
        """CREATE TYPE "mood" AS ENUM ('happy', 'sad');""",
        'DROP TYPE "mood";',
    ]
    assert new_schema() == before


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
        (ADD, "+ Add label 'calm' to enum type mood", "mood_calm"),
        (
            AddEnumValue("mood", "It's 100%!"),
            '+ Add label "It\'s 100%!" to enum type mood',
            "mood_it_s_100",
        ),
        (RENAME, "~ Rename label 'sad' of enum type mood to 'blue'", "rename_mood_sad_blue"),
        (ALTER, "~ Alter enum type mood: remove 'happy'", "alter_mood"),
        (REORDER, "~ Alter enum type mood: reorder its labels", "alter_mood"),
        (
            REPLACE,
            "~ Alter enum type mood: remove 'happy', permanently replacing 'happy' by 'sad' in "
            "rows",
            "alter_mood",
        ),
        (RENAME_TYPE, "~ Rename enum type mood to feeling", "rename_mood_feeling"),
    ],
)
def test_enum_operation__describes_itself(
    operation: Operation, description: str, fragment: str
) -> None:
    assert operation.formatted_description() == description
    assert operation.migration_name_fragment == fragment


@pytest.mark.parametrize("operation", [CREATE, DROP])
def test_enum_operation_written__is_called_with_plain_labels(operation: Operation) -> None:
    source, imports = OperationWriter(operation, indentation=0).serialize()
    assert source.splitlines() == [
        f"config.postgres.{type(operation).__name__}(",
        "    name='mood',",
        "    labels=('happy', 'sad'),",
        "),",
    ]
    assert imports == {"import config.postgres"}


@pytest.mark.parametrize(
    ("operation", "source"),
    [
        (ADD, ["    name='mood',", "    label='calm',", "    after='happy',"]),
        (RENAME, ["    name='mood',", "    old='sad',", "    new='blue',"]),
        (RENAME_TYPE, ["    old_name='mood',", "    new_name='feeling',"]),
        (
            REPLACE,
            [
                "    name='mood',",
                "    labels=['sad'],",
                "    old_labels=('happy', 'sad'),",
                "    replace={'happy': 'sad'},",
            ],
        ),
    ],
)
def test_change_of_a_type_written__has_keyword_arguments(
    operation: Operation, source: list[str]
) -> None:
    written, _ = OperationWriter(operation, indentation=0).serialize()
    assert written.splitlines()[1:-1] == source


# Optimized by makemigrations and squashmigrations


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
        pytest.param(
            [CREATE, song(mood=mood()), ADD],
            ["Create enum type mood", "Create model Song", "Add label 'calm' to enum type mood"],
            id="label added after a model with the old labels",
        ),
    ],
)
def test_operations_optimized__create_the_type_first_and_drop_it_last(
    operations: list[Operation], optimized: list[str]
) -> None:
    result = MigrationOptimizer().optimize(operations, "music")
    assert described(result) == optimized
