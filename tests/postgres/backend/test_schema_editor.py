"""The schema editor: derived names, dropped tables, and columns that change to an enum type."""

from itertools import combinations
from typing import Any

import pytest
from django.contrib.postgres.fields import ArrayField
from django.core.management.base import CommandError
from django.db import DataError, InternalError, models
from django.db.migrations.operations import (
    AddField,
    AlterField,
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import F, Q, Value

from config.postgres.enums.field import EnumField
from config.postgres.enums.operations import CreateEnum
from tests.postgres.backend.fields import AnyField, mood, text
from tests.support.migrations import applied, check_reversible, run_sql, schema


def feeling(**options: Any) -> AnyField:
    """Return a field of another type: the labels of `mood` in another order, and one more."""
    return EnumField(type_name="feeling", labels=["sad", "calm", "happy"], **options)


def array(base: Any) -> Any:
    return lambda **options: ArrayField(base(), **options)


# Each alteration runs backwards as well: from the second type to the first.
SCALARS = list(combinations([text, mood, feeling], 2))
ARRAYS = list(combinations([array(text), array(mood), array(feeling)], 2))
TYPES = [CreateEnum("mood", ["happy", "sad"]), CreateEnum("feeling", ["sad", "calm", "happy"])]


def table(field: AnyField, **options: Any) -> ProjectState:
    """Create a table music_song with a column `mood`."""
    key = models.AutoField(primary_key=True)
    create = CreateModel("Song", [("id", key), ("mood", field)], options)
    return applied(ProjectState(), *TYPES, create)


def names_of(kind: str) -> list[str]:
    catalog, name, table = {
        "constraint": ("pg_constraint", "conname", "conrelid"),
        "index": ("pg_index", "indexrelid::regclass::text", "indrelid"),
    }[kind]
    condition = "contype <> 'n'" if kind == "constraint" else "true"
    found = run_sql(
        f"SELECT {name} FROM {catalog} WHERE {table} = 'music_song'::regclass"
        f" AND {condition} ORDER BY 1"
    )
    return [row[0] for row in found]


# Columns that change their type


@pytest.mark.django_db
@pytest.mark.parametrize(("old", "new"), SCALARS)
def test_column_altered__keeps_its_values(old: Any, new: Any) -> None:
    state = table(old())
    run_sql("INSERT INTO music_song (mood) VALUES ('happy'), ('sad')")
    check_reversible(state, AlterField("song", "mood", new()))
    assert run_sql("SELECT mood::text FROM music_song ORDER BY id") == [("happy",), ("sad",)]


@pytest.mark.django_db
@pytest.mark.parametrize(("old", "new"), ARRAYS)
def test_array_column_altered__keeps_its_values(old: Any, new: Any) -> None:
    state = table(old(db_default=["happy"]))
    run_sql("INSERT INTO music_song (mood) VALUES ('{happy,sad}'), ('{}'), (DEFAULT)")
    check_reversible(state, AlterField("song", "mood", new(db_default=["happy"])))
    values = run_sql("SELECT mood::text[] FROM music_song ORDER BY id")
    assert values == [(["happy", "sad"],), ([],), (["happy"],)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("old_options", "new_options"),
    [
        ({"db_default": "sad"}, {"db_default": "sad"}),
        ({"db_default": "sad"}, {"db_default": "happy"}),
        ({"db_default": "sad"}, {}),
        ({}, {"db_default": "sad"}),
        ({"null": True}, {"db_default": "sad"}),
        ({"db_default": "sad"}, {"null": True}),
        ({}, {"db_column": "state_of_mind"}),
        ({"db_column": "state_of_mind"}, {}),
        ({"db_default": "sad"}, {"db_default": "sad", "db_column": "state_of_mind"}),
        ({"db_default": "sad", "db_column": "state_of_mind"}, {"db_default": "sad"}),
        ({"db_comment": "How it sounds."}, {"db_comment": "How it feels."}),
        ({"db_index": True}, {}),
        ({}, {"db_index": True}),
        ({"db_index": True}, {"db_index": True}),
        ({"unique": True}, {}),
        ({}, {"unique": True}),
        ({"unique": True}, {"unique": True}),
        ({"db_index": True}, {"unique": True}),
        ({"unique": True}, {"db_index": True}),
    ],
    ids=lambda options: ", ".join(options) or "plain",
)
@pytest.mark.parametrize(("old", "new"), SCALARS)
def test_column_altered_with_other_options__migrates_forwards_and_backwards(
    old: Any, new: Any, old_options: dict[str, Any], new_options: dict[str, Any]
) -> None:
    state = table(old(**old_options))
    column = old_options.get("db_column", "mood")
    run_sql(f"INSERT INTO music_song ({column}) VALUES ('sad')")
    check_reversible(state, AlterField("song", "mood", new(**new_options)))


RULES = {
    "indexes": [
        models.Index(fields=["mood"], name="song_mood_idx"),
        models.Index(fields=["id"], condition=Q(mood="sad"), name="song_sad_idx"),
        models.Index(F("mood").desc(), name="song_mood_desc_idx"),
    ],
    "constraints": [
        models.CheckConstraint(condition=~Q(mood="sad") | Q(id__gt=0), name="song_sad_check"),
        models.CheckConstraint(condition=Q(mood__in=["sad", "happy"]), name="song_in_check"),
        models.UniqueConstraint(fields=["mood"], condition=Q(mood="happy"), name="song_uniq"),
    ],
}


@pytest.mark.django_db
@pytest.mark.parametrize(("old", "new"), SCALARS)
def test_column_with_indexes_and_constraints_altered__keeps_them(old: Any, new: Any) -> None:
    state = table(old(db_default="sad"), **RULES)
    run_sql("INSERT INTO music_song DEFAULT VALUES")
    names = names_of("index"), names_of("constraint")
    check_reversible(state, AlterField("song", "mood", new(db_default="sad")))
    assert (names_of("index"), names_of("constraint")) == names


@pytest.mark.django_db
@pytest.mark.parametrize(
    "operation",
    [
        RenameField("song", "mood", "state_of_mind"),
        RenameModel("Song", "Tune"),
        AlterField("song", "mood", mood(db_default="happy")),
    ],
    ids=lambda operation: operation.describe(),
)
def test_column_in_conditions_renamed_or_given_another_default__migrates_forwards_and_backwards(
    operation: Operation,
) -> None:
    check_reversible(table(mood(db_default="sad"), **RULES), operation)


@pytest.mark.django_db
def test_column_with_a_default_altered__default_is_of_the_new_type() -> None:
    state = table(text(db_default="sad"))
    check_reversible(state, AlterField("song", "mood", models.TextField(db_default="sad")))
    assert "column music_song.mood text not null default 'sad'::text" in schema()


@pytest.mark.django_db
def test_text_that_is_not_a_label_altered_to_an_enum__refused() -> None:
    state = table(text())
    run_sql("INSERT INTO music_song (mood) VALUES ('furious')")
    with pytest.raises(DataError) as error:
        applied(state, AlterField("song", "mood", mood()))
    assert str(error.value) == 'invalid input value for enum mood: "furious"'


@pytest.mark.django_db
def test_primary_key_altered_to_another_enum__foreign_key_to_it_follows() -> None:
    mood_table = CreateModel("Mood", [("name", mood(primary_key=True))])
    reference = models.ForeignKey("music.Mood", models.CASCADE, primary_key=True)
    song_table = CreateModel("Song", [("mood", reference)])
    state = applied(ProjectState(), *TYPES, mood_table, song_table)
    check_reversible(state, AlterField("mood", "name", feeling(primary_key=True)))


# Names


@pytest.mark.django_db
def test_derived_names__consist_of_table_columns_and_kind() -> None:
    state = table(mood(unique=True))
    original = models.ForeignKey("self", models.CASCADE, null=True)
    applied(state, AddField("song", "original", original))
    assert names_of("constraint") == [
        "music_song_mood_uniq",
        "music_song_original_id_fk",
        "music_song_pkey",
    ]
    assert names_of("index") == [
        "music_song_mood_uniq",
        "music_song_original_id_idx",
        "music_song_pkey",
    ]


@pytest.mark.django_db
def test_name_too_long_for_postgresql__shortened_before_its_kind() -> None:
    state = table(mood(), db_table="music_song")
    applied(state, AddField("song", "a" * 60, mood(unique=True, null=True)))
    [name, _] = names_of("constraint")
    assert len(name) == 63
    assert name.startswith("music_song_aaaaa")
    assert name.endswith("_uniq")


# Objects that no migration created


@pytest.mark.django_db
def test_table_that_a_view_reads__not_dropped() -> None:
    state = table(mood())
    run_sql("CREATE VIEW happy_songs AS SELECT * FROM music_song")
    with pytest.raises(InternalError) as error:
        applied(state, DeleteModel("Song"))
    assert str(error.value).splitlines()[:2] == [
        "cannot drop table music_song because other objects depend on it",
        "DETAIL:  view happy_songs depends on table music_song",
    ]


@pytest.mark.django_db
def test_column_that_a_view_reads__not_dropped() -> None:
    state = table(mood())
    run_sql("CREATE VIEW happy_songs AS SELECT mood FROM music_song")
    with pytest.raises(InternalError) as error:
        applied(state, RemoveField("song", "mood"))
    assert str(error.value).splitlines()[:2] == [
        "cannot drop column mood of table music_song because other objects depend on it",
        "DETAIL:  view happy_songs depends on column mood of table music_song",
    ]


# Changes for which Django has no SQL


@pytest.mark.django_db
def test_generated_field_with_another_expression__refused() -> None:
    def generated(value: str) -> AnyField:
        return models.GeneratedField(expression=Value(value), output_field=text(), db_persist=True)

    state = table(generated("sad"))
    with pytest.raises(CommandError) as error:
        applied(state, AlterField("song", "mood", generated("happy")))
    assert str(error.value).endswith(
        "This migration changed nothing. Replace the AlterField by RemoveField and AddField."
    )
