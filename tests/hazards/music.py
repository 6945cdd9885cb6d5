"""Migrations of "music", an app that is not installed, and their hazards."""

from collections.abc import Collection
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import CreateModel, Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.hazards.operation_hazards import OperationHazards, find_hazards
from config.hazards.tables_in_use import TableSizes
from config.postgres.enums.field import EnumField
from config.postgres.enums.operations import CreateEnum
from tests.support.databases import Database

MOODS = ["happy", "sad"]
LABEL = CreateModel(
    "Label", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]
)
ALBUM = CreateModel(
    "Album",
    [
        ("id", models.BigAutoField(primary_key=True)),
        ("title", models.CharField(max_length=50)),
        ("subtitle", models.CharField(max_length=50, null=True)),
        ("genre", models.CharField(max_length=50, db_index=True)),
        ("notes", models.TextField(db_default="")),
        ("rating", models.IntegerField(null=True)),
        ("stars", models.IntegerField(null=True)),
        ("price", models.DecimalField(max_digits=8, decimal_places=2)),
        ("mood", EnumField(type_name="mood", labels=MOODS, db_default="sad")),
        ("label", models.ForeignKey("music.Label", models.CASCADE)),
        ("second_label", models.ForeignKey("music.Label", models.CASCADE, "+", null=True)),
    ],
    {
        "indexes": [models.Index(fields=["title"], name="album_title")],
        "constraints": [
            models.CheckConstraint(condition=models.Q(stars__lte=5), name="album_stars_max"),
            models.UniqueConstraint(fields=["title", "label"], name="album_title_of_label"),
        ],
    },
)
TABLES = (CreateEnum("mood", MOODS), LABEL, ALBUM)


def migration(*operations: Operation, name: str = "0002_change", **attributes: Any) -> Migration:
    cls: type[Migration] = type(
        "Migration", (Migration,), {"operations": [*operations], **attributes}
    )
    return cls(name, "music")


def before(*operations: Operation) -> ProjectState:
    """Return the state with the tables, after `operations`."""
    state = ProjectState()
    for operation in (*TABLES, *operations):
        operation.state_forwards("music", state)
    return state


def find_in(
    connection: BaseDatabaseWrapper,
    *operations: Operation,
    sizes: TableSizes | None = None,
    **attributes: Any,
) -> list[OperationHazards]:
    """Return the hazards of a migration with these `operations`."""
    plan = [(migration(*operations, **attributes), False)]
    return find_hazards(connection, plan, before(), sizes)


def codes(hazards: Collection[OperationHazards]) -> list[str]:
    """Return the codes of the hazards that fail the check."""
    return [item.code for found in hazards for item in found.dangers]


def make_tables(database: Database) -> None:
    """Create the tables, with two rows each."""
    with database.connection.schema_editor() as editor:
        migration(*TABLES).apply(ProjectState(), editor)
    database.execute(
        "INSERT INTO music_label (name) VALUES ('Blue'), ('Red')",
        "INSERT INTO music_album (title, genre, price, stars, label_id)"
        " SELECT name || ' songs', 'folk', 9.5, 3, id FROM music_label",
    )
