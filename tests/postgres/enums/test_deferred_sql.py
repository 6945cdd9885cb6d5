"""Deferred SQL of a migration that changes an enum type."""

from collections.abc import Sequence

import pytest
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, IntegerRangeField
from django.db import models
from django.db.migrations.operations import (
    AlterField,
    CreateModel,
    DeleteModel,
    RemoveConstraint,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.postgres.enums import (
    AddEnumValue,
    AlterEnum,
    CreateEnum,
    DropEnum,
    EnumField,
    RenameEnum,
    RenameEnumValue,
)
from tests.rollback.helpers import GO_ON, rollback
from tests.support.lab import Lab
from tests.support.migrations import applied, described, migrate, new_schema, run_sql, unapplied
from tests.support.verify_schema import IDENTICAL, verify_schema

LABELS = ["happy", "sad"]
MOOD = EnumField(type_name="mood", labels=LABELS)
SAD = models.Q(mood="sad")
CHECK = models.CheckConstraint(condition=SAD, name="named")
UNIQUE = models.UniqueConstraint("length", condition=SAD, name="named")
EXCLUDE = ExclusionConstraint(name="named", expressions=[("span", "&&")], condition=SAD)
INDEX = models.Index("length", condition=SAD, name="named")
TYPED = models.Index(
    models.Case(models.When(mood=models.Value("sad", MOOD), then="length")), name="named"
)

CREATE, DROP = CreateEnum("mood", LABELS), DropEnum("mood", LABELS)
ADD = AddEnumValue("mood", "calm")
RENAME = RenameEnumValue("mood", "sad", "blue")
RENAME_TYPE = RenameEnum("mood", "feeling")
REPLACE = AlterEnum("mood", ["sad"], LABELS, replace={"happy": "sad"})
TO_TEXT = AlterField("song", "mood", models.CharField(max_length=5))
REMOVE = RemoveConstraint("song", "named")


def song(named: models.Index | models.BaseConstraint) -> CreateModel:
    """Return a table whose defaults make Django defer the SQL of its constraints."""
    option = "indexes" if isinstance(named, models.Index) else "constraints"
    return CreateModel(
        "Song",
        [
            ("id", models.AutoField(primary_key=True)),
            ("mood", MOOD.clone()),
            ("moods", ArrayField(MOOD.clone(), db_default=["sad"])),
            ("length", models.IntegerField(db_default=0)),
            ("span", IntegerRangeField(null=True)),
        ],
        options={option: [named]},
    )


DEFINITION = """
    SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'named'
     UNION ALL
    SELECT substring(pg_get_indexdef(to_regclass('named')) FROM ' USING .*')
     LIMIT 1
"""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("operations", "definition"),
    [
        ([song(CHECK), RENAME], "CHECK ((mood = 'blue'::mood))"),
        ([song(UNIQUE), RENAME], " USING btree (length) WHERE (mood = 'blue'::mood)"),
        ([song(INDEX), RENAME], " USING btree (length) WHERE (mood = 'blue'::mood)"),
        (
            [song(EXCLUDE), RENAME],
            "EXCLUDE USING gist (span WITH &&) WHERE ((mood = 'blue'::mood))",
        ),
        ([song(CHECK), ADD, RENAME], "CHECK ((mood = 'blue'::mood))"),
        (
            [song(CHECK), SeparateDatabaseAndState([RENAME], [RENAME])],
            "CHECK ((mood = 'blue'::mood))",
        ),
        ([song(CHECK), RENAME_TYPE], "CHECK ((mood = 'sad'::feeling))"),
        ([song(CHECK), REPLACE], "CHECK ((mood = 'sad'::mood))"),
        ([song(CHECK), TO_TEXT], "CHECK (((mood)::text = 'sad'::text))"),
        ([song(CHECK), RENAME, REMOVE], None),
        ([song(CHECK), REMOVE, RENAME], None),
        ([song(TYPED), DeleteModel("Song"), DROP], None),
    ],
    ids=lambda value: ", ".join(described(value)) if isinstance(value, list) else "",
)
def test_condition_that_names_a_label__created_before_the_type_changes(
    operations: Sequence[Operation], definition: str | None
) -> None:
    before = new_schema()
    applied(ProjectState(), CREATE, *operations)
    assert run_sql(DEFINITION) == [(definition,)]
    unapplied(ProjectState(), CREATE, *operations)
    assert new_schema() == before


@pytest.mark.django_db
def test_foreign_key_to_a_table_that_the_rest_of_the_migration_creates__waits_for_it() -> None:
    key = models.AutoField(primary_key=True)
    album = CreateModel("Album", [("id", key)], options={"managed": False})
    to_album = models.ForeignKey("music.Album", models.CASCADE)
    operations = [CREATE, album, CreateModel("Song", [("id", key), ("album", to_album)]), RENAME]
    create = RunSQL("CREATE TABLE music_album (id int PRIMARY KEY)")
    applied(ProjectState(), *operations, create)
    assert "constraint music_song_album_id_fk on music_song" in "\n".join(new_schema())


def test_label_renamed_in_the_migration_that_creates_its_check__forwards_and_backwards(
    lab: Lab,
) -> None:
    before = run_sql("SELECT oid FROM pg_class UNION ALL SELECT oid FROM pg_type ORDER BY 1")
    lab.write_models("""
        class Mood(models.TextChoices):
            HAPPY = "happy"
            BLUE = "blue"

        class Song(models.Model):
            id = models.BigAutoField(primary_key=True)
            mood = EnumField(Mood, db_default=Mood.HAPPY)

            class Meta:
                constraints = [
                    models.CheckConstraint(condition=models.Q(mood="blue"), name="named")
                ]
    """)
    lab.write_migration(
        "0001_initial",
        """
        CreateEnum("mood", ["happy", "sad"]),
        migrations.CreateModel("Song", [
            ("id", models.BigAutoField(primary_key=True, serialize=False)),
            ("mood", EnumField(type_name="mood", labels=["happy", "sad"], db_default="happy")),
        ], options={"constraints": [
            models.CheckConstraint(condition=models.Q(mood="sad"), name="named"),
        ]}),
        RenameEnumValue("mood", "sad", "blue"),
        """,
    )
    migrate("lab")
    assert verify_schema().verdict == IDENTICAL
    assert lab.make_migrations() == "No changes detected in app 'lab'\n"
    rollback("lab", *GO_ON, "--no-backup")
    assert (
        run_sql("SELECT oid FROM pg_class UNION ALL SELECT oid FROM pg_type ORDER BY 1") == before
    )
