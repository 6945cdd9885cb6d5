"""Operations with hazards, and operations without."""

import uuid
from typing import Any

import pytest
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterModelTable,
    AlterOrderWithRespectTo,
    AlterUniqueTogether,
    CreateModel,
    DeleteModel,
    RemoveConstraint,
    RemoveField,
    RemoveIndex,
    RenameField,
    RenameIndex,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.models import Q
from django.db.models.functions import Length, Lower, Now

from config.postgres.backfill import Backfill
from config.postgres.enums.field import EnumField
from config.postgres.enums.operations import CreateEnum, DropEnum
from config.postgres.functions import UUID7
from tests.hazards.music import MOODS, codes, find_in

INDEX = models.Index(fields=["price"], name="album_price")
CHECK = models.CheckConstraint(condition=Q(price__gte=0), name="album_price_min")
UNIQUE = models.UniqueConstraint(fields=["title"], name="album_title_uniq")
WHERE = models.UniqueConstraint(fields=["title"], name="album_sad", condition=Q(mood="sad"))
EXCLUDE = ExclusionConstraint(name="album_excl", expressions=[("id", "=")], index_type="hash")
MOOD = EnumField(type_name="mood", labels=MOODS, db_default="sad")
LABEL = models.ForeignKey("music.Label", models.CASCADE, "+", null=True)


def rows_of_all(apps: Any, editor: Any) -> None:
    albums = apps.get_model("music", "Album").objects.using(editor.connection.alias)
    albums.update(rating=1)


def add(name: str, field: Any) -> AddField:
    return AddField("album", name, field)


def alter(name: str, field: Any) -> AlterField:
    return AlterField("album", name, field)


def sql(statement: str) -> RunSQL:
    return RunSQL(statement, RunSQL.noop)


DANGEROUS: list[tuple[Operation, list[str]]] = [
    # Indexes and constraints
    (AddIndex("album", INDEX), ["require-concurrent-index-creation"]),
    (RemoveIndex("album", "album_title"), ["require-concurrent-index-deletion"]),
    (AddConstraint("album", CHECK), ["constraint-missing-not-valid"]),
    (AddConstraint("album", UNIQUE), ["disallowed-unique-constraint"]),
    (AddConstraint("album", WHERE), ["require-concurrent-index-creation"]),
    (AddConstraint("album", EXCLUDE), ["adding-exclusion-constraint"]),
    (AlterUniqueTogether("album", {("genre", "price")}), ["disallowed-unique-constraint"]),
    (AddIndexConcurrently("album", INDEX), ["ban-concurrent-index-creation-in-transaction"]),
    # New fields
    (add("code", models.IntegerField()), ["adding-required-field"]),
    (add("code", models.IntegerField(default=0)), ["adding-required-field"]),
    (add("code", models.TextField(default="", db_index=True)),
     ["adding-required-field", "require-concurrent-index-creation"]),
    (add("code", models.UUIDField(default=uuid.uuid4, unique=True)),
     ["adding-unique-field-with-default", "disallowed-unique-constraint", "adding-required-field"]),
    (add("code", models.UUIDField(db_default=RandomUUID())), ["adding-field-with-default"]),
    (add("code", models.UUIDField(db_default=UUID7())), ["adding-field-with-default"]),
    (add("code", models.GeneratedField(
        expression=Length("title"), output_field=models.IntegerField(), db_persist=True)),
     ["adding-field-with-default"]),
    (add("code", models.TextField(null=True, db_index=True)),
     ["require-concurrent-index-creation"]),
    (add("code", models.TextField(null=True, unique=True)),
     ["disallowed-unique-constraint", "require-concurrent-index-creation"]),
    (add("publisher", LABEL), ["require-concurrent-index-creation"]),
    (add("publisher", models.ForeignKey(
        "music.Label", models.CASCADE, "+", db_default=1, db_index=False)),
     ["adding-foreign-key-constraint"]),
    (add("code", models.PositiveIntegerField(null=True)), ["constraint-missing-not-valid"]),
    (AlterOrderWithRespectTo("album", "label"), ["adding-required-field"]),
    # Fields that change
    (alter("rating", models.BigIntegerField(null=True)), ["changing-column-type"]),
    (alter("title", models.CharField(max_length=20)), ["changing-column-type"]),
    (alter("notes", models.CharField(max_length=20)), ["changing-column-type", "ban-drop-default"]),
    (alter("price", models.DecimalField(max_digits=9, decimal_places=3)),
     ["changing-column-type"]),
    (alter("price", models.DecimalField(max_digits=7, decimal_places=2)),
     ["changing-column-type"]),
    (alter("mood", models.TextField(db_default="sad")), ["changing-column-type"]),
    (alter("genre", models.TextField(db_index=True)),
     ["require-concurrent-index-creation", "require-concurrent-index-deletion"]),
    (alter("rating", models.IntegerField()), ["adding-not-nullable-field"]),
    (alter("rating", models.IntegerField(default=0)),
     ["adding-not-nullable-field"]),
    (alter("rating", models.IntegerField(null=True, db_index=True)),
     ["require-concurrent-index-creation"]),
    (alter("rating", models.IntegerField(null=True, unique=True)),
     ["disallowed-unique-constraint"]),
    (alter("rating", models.IntegerField(null=True, db_column="points")), ["renaming-column"]),
    (alter("genre", models.CharField(max_length=50)), ["require-concurrent-index-deletion"]),
    (alter("notes", models.TextField()), ["ban-drop-default"]),
    (alter("second_label", models.ForeignKey("music.Label", models.CASCADE, "+")),
     ["adding-not-nullable-field", "adding-foreign-key-constraint"]),
    # Operations that break running code
    (RemoveField("album", "title"), ["ban-drop-column"]),
    (RenameField("album", "title", "name"), ["renaming-column"]),
    (RenameModel("Album", "Record"), ["renaming-table"]),
    (AlterModelTable("album", "records"), ["renaming-table"]),
    (DeleteModel("Album"), ["ban-drop-table"]),
    # Rows
    (RunPython(rows_of_all, RunPython.noop), ["python-in-transaction"]),
    (RunPython(lambda apps, editor: None), ["python-in-transaction"]),
    (Backfill("album", "rating", 1), ["backfill-in-transaction"]),
    (sql("UPDATE music_album SET rating = 1"), ["backfill-in-transaction"]),
    (sql("-- all\nUPDATE music_album SET rating = 1"), ["backfill-in-transaction"]),
    (sql("SELECT 1; /* all */ DELETE FROM music_album"), ["backfill-in-transaction"]),
    (sql("WITH gone AS (DELETE FROM music_album RETURNING id) SELECT 1"),
     ["backfill-in-transaction"]),
    (sql("DELETE FROM music_album"), ["backfill-in-transaction"]),
    # SQL
    (sql("DO $$ BEGIN UPDATE music_album SET rating = 1; END $$"), ["backfill-in-transaction"]),
    (sql("DO $a$ BEGIN EXECUTE 'ALTER TABLE music_album DROP COLUMN title'; END $a$"),
     ["ban-drop-column"]),
    (sql("DO $$ BEGIN EXECUTE format('DROP TABLE %I', 'music_album'); END $$"),
     ["ban-drop-table"]),
    (sql("DROP TABLE IF EXISTS music_album; CREATE TABLE music_album (id int)"),
     ["ban-drop-table"]),
    (sql("VACUUM (ANALYZE, FULL) music_album"), ["rewriting-table"]),
    (sql("ALTER TABLE music_album ALTER COLUMN rating SET EXPRESSION AS (stars)"),
     ["rewriting-table"]),
    (sql("CREATE INDEX i ON music_album (price)"), ["require-concurrent-index-creation"]),
    (sql("CREATE INDEX i ON ONLY music_album (price)"), ["require-concurrent-index-creation"]),
    (sql("ALTER TABLE music_album DROP COLUMN title -- really"), ["ban-drop-column"]),
    (sql("ALTER TABLE music_album ADD COLUMN n bigserial"), ["adding-field-with-default"]),
    (sql("ALTER TABLE music_album ADD COLUMN n bigint GENERATED BY DEFAULT AS IDENTITY"),
     ["adding-field-with-default"]),
    (sql("ALTER TABLE music_album ADD COLUMN data json"), ["adding-json-column"]),
    (sql("ALTER TABLE music_album SET UNLOGGED"), ["rewriting-table"]),
    (sql("ALTER TABLE music_album RENAME TO records"), ["renaming-table"]),
    (sql("ALTER TABLE music_album ALTER COLUMN rating TYPE bigint"), ["changing-column-type"]),
    (sql("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"), ["renaming-object"]),
    (sql("ALTER SCHEMA public RENAME TO private"), ["renaming-object"]),
    (sql("DROP TABLE music_album CASCADE"), ["ban-drop-table"]),
    (sql("DROP TYPE mood"), ["ban-drop-type"]),
    (sql("TRUNCATE music_album"), ["truncating-table"]),
    (sql("LOCK TABLE music_album"), ["locking-table"]),
    (sql("CLUSTER music_album USING album_title"), ["rewriting-table"]),
    (sql("DROP TRIGGER t ON music_album"), ["ban-drop-trigger"]),
    (sql("REINDEX TABLE music_album"), ["require-concurrent-reindex"]),
    (sql("REFRESH MATERIALIZED VIEW v"), ["require-concurrent-refresh"]),
    (sql("DROP INDEX CONCURRENTLY album_title"),
     ["ban-concurrent-index-creation-in-transaction"]),
    (sql("SELEC 1"), ["syntax-error"]),
    (SeparateDatabaseAndState(database_operations=[AddIndex("album", INDEX)]),
     ["require-concurrent-index-creation"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "expected"),
    DANGEROUS,
    ids=lambda value: value.describe()[:60] if isinstance(value, Operation) else "",
)
def test_operation_with_hazards__has_their_codes(
    no_tables: BaseDatabaseWrapper, operation: Operation, expected: list[str]
) -> None:
    assert sorted(codes(find_in(no_tables, operation))) == sorted(expected)


def test_index_created_on_only_a_partitioned_table__has_advice(
    no_tables: BaseDatabaseWrapper,
) -> None:
    [found] = find_in(no_tables, sql("CREATE INDEX i ON ONLY music_album (price)"))
    assert [item.code for item in found.hazards if item.is_advice] == [
        "incomplete-partitioned-index"
    ]


SAFE: list[Operation] = [
    add("code", models.IntegerField(null=True)),
    add("code", models.IntegerField(null=True, default=3)),
    add("code", models.IntegerField(db_default=0)),
    add("code", models.TextField(db_default="a NOT NULL (x)")),
    add("code", models.TextField(db_default=Lower(models.Value("A")))),
    add("code", models.DateTimeField(db_default=Now())),
    add("code", models.DecimalField(max_digits=5, decimal_places=2, db_default=0)),
    add("code", MOOD),
    add(
        "code",
        models.GeneratedField(
            expression=Length("title"), output_field=models.IntegerField(), db_persist=False
        ),
    ),
    add("publisher", models.ForeignKey("music.Label", models.CASCADE, null=True, db_index=False)),
    add("labels", models.ManyToManyField("music.Label")),
    alter("title", models.CharField(max_length=51)),
    alter("title", models.TextField()),
    alter("title", models.CharField()),
    alter("price", models.DecimalField(max_digits=9, decimal_places=2)),
    alter("price", models.DecimalField(max_digits=8, decimal_places=2, db_default=0)),
    alter("price", models.DecimalField(max_digits=8, decimal_places=2, verbose_name="Price")),
    alter("price", models.DecimalField(max_digits=8, decimal_places=2, null=True)),
    alter("price", models.DecimalField(max_digits=8, decimal_places=2, db_comment="EUR")),
    alter("notes", models.TextField(db_default="none")),
    RemoveConstraint("album", "album_stars_max"),
    RenameIndex("album", new_name="album_title_2", old_name="album_title"),
    AddConstraintNotValid("album", CHECK),
    ValidateConstraint("album", "album_stars_max"),
    CreateEnum("tempo", ["slow", "fast"]),
    DropEnum("tempo", ["slow", "fast"]),
    CreateModel(
        "Song",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("album", models.ForeignKey("music.Album", models.CASCADE)),
            ("title", models.CharField(max_length=50, unique=True)),
        ],
        {"indexes": [models.Index(fields=["title"], name="song_title")]},
    ),
    SeparateDatabaseAndState(state_operations=[RemoveField("album", "rating")]),
    RunPython(RunPython.noop, rows_of_all),
    sql("ALTER TABLE music_album ADD COLUMN data jsonb"),
    sql("ALTER TABLE music_album ADD COLUMN json text, ADD COLUMN serial text"),
    sql("CREATE VIEW v AS SELECT * FROM music_album"),
    sql("CREATE MATERIALIZED VIEW v AS SELECT 1 AS n; CREATE UNIQUE INDEX ON v (n)"),
    sql("CREATE TEMP TABLE t (n int); UPDATE t SET n = 1; DROP TABLE t"),
    sql("DO $$ BEGIN CREATE TYPE tempo AS ENUM (); RAISE NOTICE '; DROP TABLE t'; END $$"),
    sql("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 1"),
    sql("INSERT INTO music_label (name) VALUES ('UPDATE')"),
]


@pytest.mark.parametrize("operation", SAFE, ids=lambda value: value.describe()[:60])
def test_operation_without_hazards__has_no_code(
    no_tables: BaseDatabaseWrapper, operation: Operation
) -> None:
    assert codes(find_in(no_tables, operation)) == []


OUTSIDE: list[Operation] = [
    AddIndexConcurrently("album", INDEX),
    RemoveIndexConcurrently("album", "album_title"),
    Backfill("album", "rating", 1),
    RunPython(rows_of_all, RunPython.noop),
    sql("UPDATE music_album SET rating = 1 WHERE id < 1000"),
    sql("REINDEX TABLE CONCURRENTLY music_album"),
    sql("ALTER TABLE music_album VALIDATE CONSTRAINT album_stars_max"),
]


@pytest.mark.parametrize("operation", OUTSIDE, ids=lambda value: value.describe()[:60])
def test_operation_outside_a_transaction__has_no_code(
    no_tables: BaseDatabaseWrapper, operation: Operation
) -> None:
    assert codes(find_in(no_tables, operation, atomic=False)) == []
