"""The paths by which migrations import classes of config.postgres."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.db.migrations.writer import MigrationWriter

import config.postgres
from config.postgres import (
    UUID7,
    AddEnumValue,
    AlterEnum,
    Backfill,
    CreateEnum,
    Distributed,
    DistributedQuerySet,
    DropEnum,
    EnumField,
    FarTime,
    IsFinite,
    JSONDecoder,
    JSONField,
    JSONTypeof,
    MonthlyPartitions,
    Now,
    Reference,
    RenameEnum,
    RenameEnumValue,
)

WRITTEN = [
    AddEnumValue("mood", "calm"),
    AlterEnum("mood", ["happy"], ["happy", "sad"]),
    Backfill("song", "mood", "happy"),
    CreateEnum("mood", ["happy"]),
    DropEnum("mood", ["happy"]),
    EnumField(type_name="mood", labels=["happy"]),
    IsFinite("ends_at"),
    JSONTypeof("details"),
    MonthlyPartitions("time", name="song_default"),
    Now(),
    RenameEnum("mood", "feeling"),
    RenameEnumValue("mood", "sad", "blue"),
    UUID7(),
]
NOT_WRITTEN = {
    Distributed,
    DistributedQuerySet,
    FarTime,
    JSONDecoder,
    JSONField,
    Reference,
}
"""Classes that migrations do not name. They name Django's JSONField instead of ours."""


@pytest.mark.parametrize("value", WRITTEN, ids=lambda value: type(value).__name__)
def test_object_written_into_a_migration__named_by_the_package(value: Any) -> None:
    source, imports = MigrationWriter.serialize(value)
    assert source.startswith(f"config.postgres.{type(value).__name__}(")
    assert "import config.postgres" in imports


def test_classes_that_migrations_may_name__are_all_tested() -> None:
    exported = {getattr(config.postgres, name) for name in config.postgres.__all__}
    classes = {item for item in exported if isinstance(item, type)}
    assert {type(value) for value in WRITTEN} == classes - NOT_WRITTEN


def test_json_field_written_into_a_migration__is_that_of_django() -> None:
    assert MigrationWriter.serialize(JSONField())[0] == "models.JSONField()"


def test_migrations_of_the_project__import_no_deeper_path() -> None:
    sources = [path.read_text() for path in settings.BASE_DIR.glob("*/migrations/0*.py")]
    deeper = re.compile(r"config\.postgres\.[a-z]")
    assert sources
    assert [source for source in sources if deeper.search(source)] == []
