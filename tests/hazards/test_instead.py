"""The other ways that are shown: they run, forwards and back, and are not dangerous themselves."""

import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models
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

from config.hazards.check import Result
from config.hazards.find import find
from config.hazards.report import NO_OTHER_WAY, alternative, sources, text
from tests.hazards.music import before, codes, find_in, make_tables, migration
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
    """The migrations of the other way, loaded from their source."""
    [finding] = find_in(connection, operation)
    other = alternative(finding)
    assert other
    return [load(source) for source in sources(finding, other)]


def load(source: str) -> Migration:
    """The migration that a file with this content would be."""
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


def schema(database: Database) -> list[str]:
    with database.session() as session:
        return sorted(line for (line,) in session.execute(SCHEMA).fetchall())


SAME: list[Operation] = [
    AddIndex("album", INDEX),
    RemoveIndex("album", "album_title"),
    AddConstraint("album", CHECK),
    AddConstraint("album", UNIQUE),
    AddConstraint("album", WHERE),
    AlterUniqueTogether("album", {("genre", "title")}),
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
"""Their other ways lead to the same schema in the end."""
OTHER: list[Operation] = [
    add("code", models.IntegerField(default=0)),
    add("code", models.IntegerField()),
    add("code", models.JSONField(default=dict)),
    add("code", models.TextField(default="", db_index=True)),
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
    RunPython(rows_of_all, RunPython.noop),
    sql("UPDATE music_album SET rating = 1"),
    AddIndexConcurrently("album", INDEX),
]  # fmt: skip
"""Theirs do not, on purpose: they keep a name, or stop where the author has to decide."""


def name(operation: Operation) -> str:
    return operation.describe()[:60]


WITHOUT_CODE: list[tuple[Operation, str]] = [
    (AddConstraint("album", EXCLUDE), NO_OTHER_WAY),
    (sql("ALTER TABLE music_album DROP COLUMN title"), NO_OTHER_WAY),
    (sql("ALTER TABLE music_album ADD COLUMN data json"), "Make it jsonb."),
    (sql("ALTER TABLE music_album RENAME TO records"), NO_OTHER_WAY),
    (
        sql("REFRESH MATERIALIZED VIEW v"),
        "Say CONCURRENTLY, for which the view needs a unique index.",
    ),
    (
        alter("title", models.CharField(max_length=20)),
        "Let a new column take over: code writes both, then reads the new one, then the old one "
        "goes.",
    ),
]


@pytest.mark.parametrize(("operation", "advice"), WITHOUT_CODE, ids=lambda value: str(value)[:60])
def test_operation_that_has_no_other_code__has_advice(
    server: BaseDatabaseWrapper, operation: Operation, advice: str
) -> None:
    [finding] = find_in(server, operation)
    shown = " ".join(text(Result([], [finding], [])).split())
    assert f"Instead: {advice} Or accept it, in class Migration:" in shown


@pytest.mark.parametrize("operation", [*SAME, *OTHER], ids=name)
def test_other_way__is_not_dangerous(server: BaseDatabaseWrapper, operation: Operation) -> None:
    plan = [(item, False) for item in shown(server, operation)]
    assert codes(find(server, plan, before())) == []


@pytest.mark.parametrize("operation", [*SAME, *OTHER], ids=name)
def test_other_way_there_and_back__leaves_the_schema_as_it_was(
    tables: BaseDatabaseWrapper, blank: Database, operation: Operation
) -> None:
    at_first = schema(blank)
    if isinstance(operation, RemoveField):
        blank.execute("DELETE FROM music_album")  # nobody can know what the values were
    migrations = shown(tables, operation)
    run(tables, migrations)
    run_back(tables, migrations)
    assert schema(blank) == at_first


@pytest.mark.parametrize("operation", SAME, ids=name)
def test_other_way__leads_to_the_same_schema(
    tables: BaseDatabaseWrapper, blank: Database, operation: Operation
) -> None:
    migrations = shown(tables, operation)
    run(tables, migrations)
    made = schema(blank)
    blank.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    make_tables(blank)
    blank.execute("UPDATE music_album SET rating = id WHERE rating IS NULL")
    run(tables, [migration(operation)])
    assert made == schema(blank)
