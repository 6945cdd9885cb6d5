"""Alternatives to dangerous operations: they run in both directions and have no hazards."""

import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import (
    AddConstraint,
    AddIndex,
    AlterModelTable,
    AlterUniqueTogether,
    DeleteModel,
    Migration,
    RemoveField,
    RemoveIndex,
    RenameField,
    RenameModel,
    RunPython,
)
from django.db.migrations.operations.base import Operation
from django.db.models.functions import Length
from django.utils import timezone

from config.hazards.alternatives import NO_ALTERNATIVE
from config.hazards.alternatives.statement_rewrites import rewrite_statement
from config.hazards.checked_migrations import CheckedMigrations
from config.hazards.operation_hazards import find_hazards
from config.hazards.replacements import replacement_files
from config.hazards.report import text_report
from tests.hazards.music import before, codes, find_in, migration
from tests.hazards.test_rules import (
    CHECK,
    EXCLUDE,
    INDEX,
    LABEL,
    UNIQUE,
    WHERE,
    add,
    alter,
    rows_of_all,
    sql,
)
from tests.support.databases import Database
from tests.support.migrations import SCHEMA

ONE_TO_ONE = models.OneToOneField("music.Label", models.CASCADE, related_name="+", null=True)


def shown(connection: BaseDatabaseWrapper, operation: Operation) -> list[Migration]:
    """Return the migrations of the alternative, loaded from their source."""
    return [load(source) for source in replacement_files(find_in(connection, operation))]


def load(source: str) -> Migration:
    """Return the migration that a file with this content contains."""
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # noqa: S102
    cls: type[Migration] = namespace["Migration"]
    return cls(source.splitlines()[0].removeprefix("# "), "music")


def run(connection: BaseDatabaseWrapper, migrations: Sequence[Migration]) -> None:
    state = before()
    for item in migrations:
        with connection.schema_editor(atomic=item.atomic) as editor:
            state = item.apply(state, editor)


def run_back(connection: BaseDatabaseWrapper, migrations: Sequence[Migration]) -> None:
    state, states = before(), []
    for item in migrations:
        states.append(state.clone())
        state = item.mutate_state(state)
    for item, earlier in reversed(list(zip(migrations, states, strict=True))):
        with connection.schema_editor(atomic=item.atomic) as editor:
            item.unapply(earlier, editor)


def schema(connection: BaseDatabaseWrapper) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA.format(oldest="0"))
        return sorted(line for (line,) in cursor.fetchall())


def schema_after(connection: BaseDatabaseWrapper, operation: Operation) -> list[str]:
    """Return the schema after `operation`, and roll the operation back."""
    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE music_album SET rating = id WHERE rating IS NULL")
        run(connection, [migration(operation)])
        lines = schema(connection)
        transaction.set_rollback(True, using=connection.alias)
    return lines


SAME: list[Operation] = [
    AddIndex("album", INDEX),
    RemoveIndex("album", "album_title"),
    AddConstraint("album", CHECK),
    AddConstraint("album", UNIQUE),
    AddConstraint("album", WHERE),
    AlterUniqueTogether("album", {("genre", "title")}),
    add("code", models.IntegerField(default=0)),
    add("code", models.JSONField(default=dict)),
    add("code", models.TextField(default="", db_index=True)),
    add("code", models.TextField(null=True, db_index=True)),
    add("code", models.TextField(null=True, unique=True)),
    add("code", models.PositiveIntegerField(null=True)),
    add("code", models.PositiveSmallIntegerField(db_default=1)),
    add("publisher", LABEL),
    add("publisher", ONE_TO_ONE),
    add("code", models.UUIDField(db_default=RandomUUID())),
    add("code", models.UUIDField(db_default=RandomUUID(), null=True)),
    add("code", models.UUIDField(db_default=RandomUUID(), unique=True)),
    add("since", models.DateTimeField(default=timezone.now)),
    alter("stars", models.IntegerField()),
    alter("rating", models.IntegerField(default=0)),
    alter("rating", models.IntegerField(db_default=0)),
    alter("rating", models.IntegerField(null=True, db_index=True)),
    alter("rating", models.IntegerField(null=True, unique=True)),
    alter("genre", models.CharField(max_length=50)),
    alter("genre", models.TextField(db_index=True)),
    alter("label", models.ForeignKey("music.Label", models.CASCADE, null=True, db_index=False)),
    alter("second_label", models.ForeignKey("music.Label", models.CASCADE, "+", default=1)),
    sql("CREATE INDEX album_price ON music_album (price)"),
    sql("REINDEX TABLE music_album"),
    RemoveField("album", "subtitle"),
    RemoveField("album", "genre"),
    RemoveField("album", "second_label"),
    DeleteModel("Album"),
]
"""Operations whose alternatives lead to the same schema."""
OTHER: list[Operation] = [
    add("code", models.IntegerField()),
    add("publisher", models.ForeignKey("music.Label", models.CASCADE, "+", default=1)),
    add("code", models.GeneratedField(
        expression=Length("title"), output_field=models.IntegerField(), db_persist=True)),
    add("code", models.UUIDField(default=uuid.uuid4, unique=True)),
    add("code", models.IntegerField(default=0, unique=True)),
    alter("rating", models.BigIntegerField(null=True)),
    alter("notes", models.CharField(max_length=20)),
    alter("mood", models.TextField(db_default="sad")),
    alter("rating", models.IntegerField(null=True, db_column="points")),
    RenameField("album", "title", "name"),
    RenameField("album", "label", "publisher"),
    RenameModel("Album", "Record"),
    RenameModel("Label", "Publisher"),
    AlterModelTable("album", "records"),
    sql("UPDATE music_album SET rating = 1"),
    AddIndexConcurrently("album", INDEX),
]  # fmt: skip
"""Operations whose alternatives keep a name, or leave a decision to the author."""

DROPS_DEFAULT = alter("notes", models.TextField(db_index=True))
"""An operation whose alternative has a hazard, because running code may rely on the default."""


def name(operation: Operation) -> str:
    return operation.describe()[:60]


PYTHON = (
    "Look at how many rows the code changes. If there are many, run the code in a separate "
    "migration with atomic = False, and change a few thousand rows at a time. "
    "config.postgres.Backfill does this for a column."
)
WITHOUT_CODE: list[tuple[Operation, str]] = [
    (AddConstraint("album", EXCLUDE), NO_ALTERNATIVE.advice),
    (sql("ALTER TABLE music_album DROP COLUMN title"), NO_ALTERNATIVE.advice),
    (
        sql("ALTER TABLE music_album ADD CONSTRAINT c CHECK (id > 0), ADD COLUMN data int"),
        NO_ALTERNATIVE.advice,
    ),
    (sql("ALTER TABLE music_album ADD COLUMN data json"), "Use jsonb."),
    (RunPython(rows_of_all), PYTHON),
    (RunPython(lambda apps, editor: None), PYTHON),
    (sql("ALTER TABLE music_album RENAME TO records"), NO_ALTERNATIVE.advice),
    (
        sql("REFRESH MATERIALIZED VIEW v"),
        "Add CONCURRENTLY. This needs a unique index of the view.",
    ),
    (
        alter("title", models.CharField(max_length=20)),
        "Add a new column. Let the code write both columns, and then read the new column. Then "
        "remove the old column.",
    ),
]


@pytest.mark.parametrize(
    ("operation", "advice"),
    WITHOUT_CODE,
    ids=lambda value: value.describe()[:60] if isinstance(value, Operation) else "",
)
def test_operation_without_an_alternative_as_code__has_advice(
    no_tables: BaseDatabaseWrapper, operation: Operation, advice: str
) -> None:
    report = text_report(CheckedMigrations([], find_in(no_tables, operation), []))
    assert f"Instead: {advice} Or accept it, in class Migration:" in " ".join(report.split())


@pytest.mark.parametrize("operation", [*SAME, *OTHER], ids=name)
def test_alternative__has_no_hazard(no_tables: BaseDatabaseWrapper, operation: Operation) -> None:
    plan = [(item, False) for item in shown(no_tables, operation)]
    assert codes(find_hazards(no_tables, plan, before())) == []


@pytest.mark.parametrize("operation", [*SAME, DROPS_DEFAULT], ids=name)
def test_alternative__leads_to_the_same_schema_and_is_reversible(
    tables: BaseDatabaseWrapper, blank_database: Database, operation: Operation
) -> None:
    at_first, expected = schema(tables), schema_after(tables, operation)
    migrations = shown(tables, operation)
    run(tables, migrations)
    assert schema(tables) == expected
    if isinstance(operation, RemoveField):
        blank_database.execute("DELETE FROM music_album")  # undoing cannot restore the values
    run_back(tables, migrations)
    assert schema(tables) == at_first


@pytest.mark.parametrize("operation", OTHER, ids=name)
def test_alternative_with_another_schema__is_reversible(
    tables: BaseDatabaseWrapper, operation: Operation
) -> None:
    at_first = schema(tables)
    migrations = shown(tables, operation)
    run(tables, migrations)
    run_back(tables, migrations)
    assert schema(tables) == at_first


def test_renamed_model_with_a_link_table__has_no_alternative(
    no_tables: BaseDatabaseWrapper,
) -> None:
    link = add("labels", models.ManyToManyField("music.Label"))
    for rename in (RenameModel("Album", "Record"), RenameModel("Label", "Publisher")):
        *_, found = find_in(no_tables, link, rename)
        assert found.alternative == NO_ALTERNATIVE


def test_not_null_of_columns_with_long_names__has_checks_with_different_names() -> None:
    names = []
    for column in (f'"{"ä" * 30}1"', f'"{"ä" * 30}2"', '"a""b"'):
        safe = rewrite_statement(f'ALTER TABLE "album" ALTER COLUMN {column} SET NOT NULL')
        assert safe
        names.append(safe.last[0].forwards.removeprefix('ALTER TABLE "album" VALIDATE CONSTRAINT '))
    assert len(set(names)) == 3
    assert names[2] == '"album_a""b_not_null"'
    assert all(len(item.strip('"').encode()) <= 63 for item in names)
