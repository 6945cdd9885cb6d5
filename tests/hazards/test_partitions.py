"""Alternatives for a partitioned table, where PostgreSQL has no CONCURRENTLY."""

from typing import Any

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import AddConstraint, AddIndex, AlterField, CreateModel, Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.hazards.alternatives import NO_ALTERNATIVE, Alternative
from config.hazards.operation_hazards import OperationHazards, find_hazards
from config.postgres import MonthlyPartitions

INDEX = models.Index(fields=["time"], name="play_time_idx")
UNIQUE = models.UniqueConstraint(fields=["title", "time"], name="play_title_uniq")


def singer(**options: Any) -> Any:
    return models.ForeignKey("music.Singer", models.CASCADE, db_index=False, **options)


def hazards(
    server: BaseDatabaseWrapper, operation: Operation, *, atomic: bool = True
) -> list[OperationHazards]:
    """Return the hazards of an operation on the model Play with a big, partitioned table."""
    state = ProjectState()
    CreateModel("Singer", [("id", models.AutoField(primary_key=True))]).state_forwards(
        "music", state
    )
    fields: list[tuple[str, Any]] = [
        ("id", models.AutoField(primary_key=True)),
        ("title", models.TextField()),
        ("singer", singer(db_constraint=False)),
        ("time", models.DateTimeField()),
    ]
    options = {"constraints": [MonthlyPartitions("time", name="music_play_default")]}
    CreateModel("Play", fields, options).state_forwards("music", state)
    body = {"operations": [operation], "atomic": atomic}
    cls: type[Migration] = type("Migration", (Migration,), body)
    return find_hazards(server, [(cls("0002_x", "music"), False)], state)


def alternative(server: BaseDatabaseWrapper, operation: Operation) -> Alternative:
    [found] = hazards(server, operation)
    return found.alternative


def test_index__is_built_concurrently(no_tables: BaseDatabaseWrapper) -> None:
    [migration] = alternative(no_tables, AddIndex("play", INDEX)).migrations
    [operation] = migration.operations
    assert isinstance(operation, AddIndexConcurrently)
    assert not migration.atomic


def test_index_built_concurrently__is_no_hazard(no_tables: BaseDatabaseWrapper) -> None:
    assert hazards(no_tables, AddIndexConcurrently("play", INDEX), atomic=False) == []


def test_unique_constraint_on_partitioned_table__has_no_alternative(
    no_tables: BaseDatabaseWrapper,
) -> None:
    assert alternative(no_tables, AddConstraint("play", UNIQUE)) == NO_ALTERNATIVE


def test_foreign_key__is_checked_later_where_postgresql_can(
    no_tables: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = AlterField("play", "singer", singer())
    monkeypatch.setattr(no_tables, "pg_version", 180000)
    assert "NOT VALID" in sql_of(alternative(no_tables, added))
    monkeypatch.setattr(no_tables, "pg_version", 170000)
    assert "NOT VALID" not in sql_of(alternative(no_tables, added))


def sql_of(found: Alternative) -> str:
    """Return the SQL of the migrations of the alternative."""
    operations: list[Any] = [item for part in found.migrations for item in part.operations]
    inner = [each for item in operations for each in getattr(item, "database_operations", [item])]
    return str([getattr(item, "sql", "") for item in inner])
