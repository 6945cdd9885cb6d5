"""Random sequences of edits of enum classes on filled tables, migrated forwards and backwards.

ENUM_SEQUENCES=200 runs 200 sequences instead of a few. The number of a sequence is its seed.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from typing import Any

import pytest
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField
from django.core.management.base import CommandError
from django.db import connection, models, transaction
from django.db.migrations import Migration
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.questioner import InteractiveMigrationQuestioner
from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.writer import MigrationWriter
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from pytest_django import DjangoDbBlocker

from config.drift.difference import differences
from config.drift.expected import creation_sql
from config.postgres.catalog import Catalog, Key
from config.postgres.enums import EnumAutodetector
from config.postgres.enums.field import EnumField
from tests.support.migrations import (
    live_catalog,
    model,
    new_default_database,
    project_state,
    run_sql,
)

SEQUENCES = int(os.environ.get("ENUM_SEQUENCES", "3"))
STEPS = 4


@dataclass(frozen=True)
class Enum:
    """An enum class in the code. The models of the test use its label `first`."""

    name: str
    labels: tuple[str, ...]
    first: str
    former_name: str
    renamed: dict[str, str]
    """For each label before the edits, the label after them: the answers of the developer."""


def wanted(enum: Enum, tempo: Enum) -> list[ModelState]:
    """Return models that use type `enum` wherever possible, and `tempo` in one column."""
    own = EnumField(type_name=enum.name, labels=enum.labels)
    last, default = enum.labels[-1], enum.labels[0]
    fields = {
        "title": models.CharField(max_length=40),
        "mood": _with(own, db_default=default, default=enum.first),
        "former": _with(own, null=True),
        "moods": ArrayField(_with(own), db_default=[default]),
        "is_first": models.GeneratedField(
            expression=Case(When(mood=enum.first, then=Value(True)), default=Value(False)),
            output_field=models.BooleanField(),
            db_persist=True,
        ),
        "either": models.GeneratedField(
            expression=Coalesce("former", "mood"), output_field=_with(own), db_persist=True
        ),
        "tempo": EnumField(type_name=tempo.name, labels=tempo.labels, db_default=tempo.labels[0]),
        "rating": models.ForeignKey("music.Rating", models.CASCADE, null=True),
    }
    constraints = [
        models.CheckConstraint(condition=~Q(mood=last) | ~Q(title=""), name="song_check"),
        models.CheckConstraint(
            condition=Q(mood__in=[last, enum.first]) | Q(title__gt=""), name="song_in_check"
        ),
        models.UniqueConstraint(fields=["title"], condition=Q(mood=enum.first), name="song_uniq"),
        ExclusionConstraint(
            expressions=[("title", "=")],
            index_type="SPGIST",
            condition=Q(former=last),
            name="song_excl",
        ),
    ]
    indexes = [
        models.Index(fields=["mood", "-title"], name="song_mood_idx"),
        models.Index(fields=["title"], condition=Q(moods__contains=[default]), name="song_part"),
        models.Index(Case(When(mood=last, then=F("title"))), name="song_expr_idx"),
    ]
    return [
        model("music.Rating", mood=_with(own, primary_key=True), stars=models.IntegerField()),
        model("music.Song", options={"constraints": constraints, "indexes": indexes}, **fields),
    ]


def _with(enum: EnumField, **options: Any) -> EnumField:
    return EnumField(type_name=enum.type_name, labels=enum.labels, **options)


EXTRA_OBJECTS = """
    CREATE VIEW first_song AS SELECT * FROM music_song WHERE mood = '{first}';
    CREATE VIEW titles AS SELECT title, either FROM first_song;
    CREATE MATERIALIZED VIEW moods AS SELECT mood, count(*) FROM music_song GROUP BY mood;
    CREATE UNIQUE INDEX ON moods (mood);
    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER first BEFORE UPDATE ON music_song FOR EACH ROW WHEN (NEW.mood = '{first}')
    EXECUTE FUNCTION keep();
    CREATE POLICY first ON music_song USING (mood <> '{first}');
    CREATE DOMAIN first_mood AS {name} CHECK (VALUE = '{first}');
    CREATE TABLE first (mood first_mood DEFAULT '{first}');
    INSERT INTO first DEFAULT VALUES;
"""


# Edits of the developer


def edited(enum: Enum, random: Random, new_labels: Iterator[str]) -> Enum:
    """Return the class after some edits."""
    enum = replace(enum, renamed={label: label for label in enum.labels}, former_name=enum.name)
    for edit in random.choices(EDITS, k=random.randint(0, 3)):
        enum = edit(enum, random, new_labels)
    return enum


def add(enum: Enum, random: Random, new_labels: Iterator[str]) -> Enum:
    place = random.randint(0, len(enum.labels))
    return replace(enum, labels=(*enum.labels[:place], next(new_labels), *enum.labels[place:]))


def rename(enum: Enum, random: Random, new_labels: Iterator[str]) -> Enum:
    old, new = random.choice(enum.labels), next(new_labels)
    return replace(
        enum,
        labels=tuple(new if label == old else label for label in enum.labels),
        first=new if enum.first == old else enum.first,
        renamed={key: new if label == old else label for key, label in enum.renamed.items()},
    )


def remove(enum: Enum, random: Random, new_labels: Iterator[str]) -> Enum:
    removed = random.choice(enum.labels)
    if removed == enum.first:
        return enum
    return replace(
        enum,
        labels=tuple(label for label in enum.labels if label != removed),
        renamed={key: label for key, label in enum.renamed.items() if label != removed},
    )


def reorder(enum: Enum, random: Random, new_labels: Iterator[str]) -> Enum:
    return replace(enum, labels=tuple(random.sample(enum.labels, len(enum.labels))))


def rename_type(enum: Enum, random: Random, new_labels: Iterator[str]) -> Enum:
    return replace(enum, name=f"Type {re.sub('[^0-9]', '', next(new_labels))}")


EDITS = (add, add, rename, remove, reorder, rename_type)


class Developer(InteractiveMigrationQuestioner):
    """A questioner that answers according to the edits."""

    def __init__(self, *enums: Enum) -> None:
        super().__init__({"ask_initial": True})
        self.enums = enums

    def _boolean_input(self, question: str, default: bool | None = None) -> bool:
        return question in {
            f"{subject}? [y/N]"
            for enum in self.enums
            for subject in (
                f"Was enum type {enum.former_name} renamed to {enum.name}",
                *(
                    f"Was label {old!r} of enum type {enum.name} renamed to {new!r}"
                    for old, new in enum.renamed.items()
                ),
            )
        }


# Migrations and their effects


def written(before: ProjectState, *enums: Enum) -> list[Migration]:
    """Return the migrations that makemigrations writes, loaded from their source."""
    detector = EnumAutodetector(before, project_state(*wanted(*enums)), Developer(*enums))
    migrations = []
    for migration in detector.changes(MigrationGraph()).get("music", []):
        module: dict[str, Any] = {}
        exec(MigrationWriter(migration).as_string(), module)  # noqa: S102
        migrations.append(module["Migration"](migration.name, "music"))
    return migrations


def run(migration: Migration, state: ProjectState, *, is_undone: bool = False) -> ProjectState:
    """Run the migration; after a refusal, run the UPDATE that it suggests, and try again."""
    for _ in range(30):
        try:
            with connection.schema_editor(atomic=True) as editor:
                step = migration.unapply if is_undone else migration.apply
                return step(state.clone(), editor)
        except CommandError as refusal:
            run_sql(" ".join(re.findall(r"UPDATE .*?;", str(refusal))))
    raise AssertionError("refused again and again")


def fresh_catalog(state: ProjectState) -> Catalog:
    """Return the catalog of the models of `state`, created in a new schema."""
    with transaction.atomic():
        run_sql("CREATE SCHEMA fresh; SET LOCAL search_path = fresh")
        run_sql("; ".join(creation_sql(connection, state.apps.get_models())))
        catalog = live_catalog()
        transaction.set_rollback(True)
    return catalog


type Row = tuple[Any, ...]
type LabelMap = Mapping[str, str]
"""The expected label of a row, by its label before the migrations."""


def rows() -> list[Row]:
    return run_sql(
        "SELECT title, mood::text, former::text, moods::text[], tempo::text, is_first, either::text"
        " FROM music_song ORDER BY id"
    )


def relabeled(before: list[Row], mood: LabelMap, tempo: LabelMap, first: str) -> list[Row]:
    """Return the rows that are expected after migrations, with models that use label `first`."""
    return [
        (
            title,
            mood[own],
            former and mood[former],
            [mood[label] for label in moods],
            tempo[pace],
            mood[own] == first,
            mood[former or own],
        )
        for title, own, former, moods, pace, _, _ in before
    ]


def map_forwards(enum: Enum) -> LabelMap:
    """Return the map; a removed label becomes the first label, as the refusal suggests."""
    return defaultdict(lambda: enum.labels[0], enum.renamed)


def map_backwards(enum: Enum, before: Enum) -> LabelMap:
    names = {new: old for old, new in enum.renamed.items()}
    return defaultdict(lambda: before.labels[0], names)


def insert(random: Random, mood: Enum, tempo: Enum) -> None:
    """Insert a few rows with random labels."""
    for _ in range(3):
        former, *moods = random.choices(mood.labels, k=3)
        values = (
            f"title {random.random()}",
            random.choice(mood.labels),
            random.choice([None, former]),
            moods,
            random.choice(tempo.labels),
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO music_song (title, mood, former, moods, tempo)"
                f" VALUES (%s, %s, %s, %s::text[]::{connection.ops.quote_name(mood.name)}[], %s)",
                values,
            )


# Forwards and backwards


@dataclass(frozen=True)
class Batch:
    """The enum classes and the catalog before some edits, and the migrations of these edits."""

    mood: Enum
    tempo: Enum
    migrations: list[tuple[Migration, ProjectState]]
    catalog: Catalog


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_random_edits_of_enums__schema_and_rows_are_right_forwards_and_backwards(
    django_db_blocker: DjangoDbBlocker, seed: int
) -> None:
    random = Random(seed)  # noqa: S311
    new_labels = (f"it's {number}%" for number in count())
    mood, tempo = (new_enum(name, new_labels) for name in ("mood", "tempo"))
    with django_db_blocker.unblock(), new_default_database():
        state = ProjectState()
        for migration in written(state, mood, tempo):
            state = run(migration, state)
        create_extra_objects(mood)
        others = extras(state)
        batches = []
        for _ in range(STEPS):
            insert(random, mood, tempo)
            before, catalog = rows(), live_catalog()
            former_mood, former_tempo = mood, tempo
            mood, tempo = (edited(enum, random, new_labels) for enum in (mood, tempo))
            migrations = []
            for migration in written(state, mood, tempo):
                migrations.append((migration, state))
                state = run(migration, state)
            batches.append(Batch(former_mood, former_tempo, migrations, catalog))
            assert rows() == relabeled(before, map_forwards(mood), map_forwards(tempo), mood.first)
            assert written(state, mood, tempo) == []
            assert extras(state) == others
        for batch in reversed(batches):
            before = rows()
            for migration, state in reversed(batch.migrations):
                run(migration, state, is_undone=True)
            assert differences(batch.catalog, live_catalog()) == []
            maps = map_backwards(mood, batch.mood), map_backwards(tempo, batch.tempo)
            assert rows() == relabeled(before, *maps, batch.mood.first)
            mood, tempo = batch.mood, batch.tempo


def new_enum(name: str, new_labels: Iterator[str]) -> Enum:
    labels = tuple(next(new_labels) for _ in range(4))
    return Enum(name, labels, labels[1], name, {})


def create_extra_objects(mood: Enum) -> None:
    first = mood.first.replace("'", "''")
    run_sql(EXTRA_OBJECTS.format(first=first, name=mood.name))
    run_sql(f"INSERT INTO music_rating VALUES ('{first}', 5)")


def extras(state: ProjectState) -> list[Key]:
    """Return the objects that no model creates; check that all others agree with the models."""
    drifts = differences(fresh_catalog(state), live_catalog())
    assert [drift for drift in drifts if drift.problem != "extra"] == []
    return [drift.key for drift in drifts]
