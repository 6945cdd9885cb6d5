"""Names that are derived from tables and columns, after these were renamed."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.db.migrations import Migration
from django.db.migrations.operations import (
    AddField,
    AlterField,
    AlterModelTable,
    AlterUniqueTogether,
    CreateModel,
    RemoveConstraint,
    RemoveField,
    RemoveIndex,
    RenameField,
    RenameIndex,
    RenameModel,
    RunSQL,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import F, Q

from config.postgres.enums.operations import AlterEnum, CreateEnum
from tests.postgres.backend.fields import AnyField, mood, text
from tests.support.migrations import applied, run_sql, unapplied

type Fields = list[tuple[str, AnyField]]

pytestmark = pytest.mark.django_db


def size(**options: Any) -> AnyField:
    return models.PositiveIntegerField(**options)


def double(expression: Any) -> AnyField:
    return models.GeneratedField(
        expression=expression, output_field=models.IntegerField(unique=True), db_persist=True
    )


def key(**options: Any) -> tuple[str, AnyField]:
    return "id", models.AutoField(primary_key=True, **options)


def link(to: str, **options: Any) -> AnyField:
    return models.ForeignKey(to, models.CASCADE, **options)


OPTIONS = {
    "unique_together": {("title", "size"), ("singer", "mood")},
    "indexes": [
        models.Index(fields=["size"], name="music_song_double_idx"),
        models.Index(F("size"), condition=Q(id__gt=1), name="late_idx"),
    ],
    "constraints": [
        models.CheckConstraint(condition=Q(size__lt=9), name="music_song_double_check"),
        models.UniqueConstraint(fields=["size"], condition=Q(id__gt=1), name="late_uniq"),
    ],
}
"""Options with explicit names, some of which look like derived names."""
CREATE: list[Operation] = [
    CreateEnum("mood", ["happy", "sad"]),
    CreateModel("Singer", [("name", text(primary_key=True))]),
    CreateModel(
        "Song",
        [
            key(),
            ("title", text(unique=True)),
            ("notes", models.TextField(db_index=True)),
            ("size", size(db_index=True)),
            ("mood", mood(db_index=True, db_default="sad")),
            ("double", double(F("size") * 2)),
            ("singer", link("music.Singer")),
            ("original", models.OneToOneField("self", models.CASCADE, null=True)),
            ("similar", models.ManyToManyField("self")),
            ("covers", models.ManyToManyField("music.Singer", related_name="+")),
        ],
        OPTIONS,
    ),
    CreateModel(
        "Single",
        [("song", models.OneToOneField("music.Song", models.CASCADE, primary_key=True))],
    ),
]

LONG = "ж" * 31

CASES: dict[str, Sequence[Operation]] = {
    "unique text": [RenameField("song", "title", "name")],
    "indexed text": [RenameField("song", "notes", "remarks")],
    "enum": [RenameField("song", "mood", "state")],
    "foreign key": [RenameField("song", "singer", "artist")],
    "to itself": [RenameField("song", "original", "cover_of")],
    "generated": [RenameField("song", "double", "twice")],
    "key": [AlterField("song", "id", models.AutoField(primary_key=True, db_column="number"))],
    "key referred to": [RenameField("singer", "name", "stage name")],
    "many to many": [RenameField("song", "covers", "covered_by")],
    "many to many to others": [
        AlterField("song", "covers", models.ManyToManyField("music.Song", related_name="+"))
    ],
    "many to many in another table": [
        AlterField("song", "covers", models.ManyToManyField("music.Singer", db_table="covers"))
    ],
    "many to many to itself": [RenameField("song", "similar", "same")],
    "column": [AlterField("song", "title", text(unique=True, db_column="Ümlaut"))],
    "long column": [AlterField("song", "title", text(unique=True, db_column=LONG))],
    "table": [AlterModelTable("song", "Songs of love")],
    "long table": [AlterModelTable("single", LONG)],
    "model": [RenameModel("Song", "Tune")],
    "model referred to": [RenameModel("Singer", "Artist")],
    "model and fields": [
        RenameModel("Song", "Tune"),
        RenameField("tune", "title", "name"),
        RenameField("tune", "similar", "same"),
        AlterModelTable("tune", "tunes"),
    ],
    "there and back": [
        RenameField("song", "title", "name"),
        RenameField("song", "name", "title"),
        RenameModel("Song", "Tune"),
        RenameModel("Tune", "Song"),
    ],
    "swapped": [
        RenameField("song", "title", "x"),
        RenameField("song", "notes", "title"),
        RenameField("song", "x", "notes"),
    ],
    "name free for another model": [
        RenameModel("Song", "Tune"),
        CreateModel("Song", [key(), ("title", text(unique=True))]),
    ],
    "no longer unique": [AlterField("song", "title", text(db_column="name"))],
    "unique": [AlterField("song", "size", size(unique=True, db_column="length"))],
    "another type": [
        AlterField("song", "notes", models.IntegerField(db_index=True, db_column="count"))
    ],
    "enum to text": [AlterField("song", "mood", text(unique=True, db_column="state"))],
    "renamed, then altered": [
        RenameField("song", "title", "name"),
        AlterField("song", "name", text(db_index=True)),
        AlterModelTable("song", "songs"),
        AlterField("song", "size", size()),
        AlterField("song", "singer", link("music.Singer", db_constraint=False)),
    ],
    "new and renamed": [
        CreateModel(
            "Album",
            [key(), ("title", text(db_index=True)), ("song", link("music.Song"))],
            {
                "unique_together": {("title", "song")},
                "indexes": [models.Index(fields=["song"], condition=Q(song__gt=1), name="x_idx")],
            },
        ),
        RenameField("album", "title", "name"),
        RenameModel("Album", "Record"),
        AlterField("record", "name", text(db_index=True, db_column="label")),
    ],
}

IN_SALES: list[Operation] = [
    CreateEnum("mood", ["happy", "sad"]),
    RunSQL("CREATE SCHEMA sales; CREATE SCHEMA archive"),
    CreateModel("Shop", [("name", text(primary_key=True))], {"db_table": 'sales"."shop'}),
    CreateModel(
        "Item",
        [
            key(),
            ("name", text(unique=True)),
            ("notes", models.TextField(db_index=True)),
            ("size", size(db_index=True)),
            ("mood", mood(db_index=True, db_default="sad", db_comment="How it looks.")),
            ("shop", link("music.Shop")),
            ("parent", link("self", null=True)),
            ("shops", models.ManyToManyField("music.Shop", related_name="+")),
        ],
        {
            "db_table": 'sales"."item',
            "db_table_comment": "What is sold.",
            "unique_together": {("name", "size")},
            "indexes": [
                models.Index(fields=["size"], name="item_given_idx"),
                models.Index(fields=["notes"], condition=Q(mood="sad"), name="item_sad_idx"),
            ],
            "constraints": [
                models.CheckConstraint(condition=Q(size__lt=9), name="item_check"),
                models.UniqueConstraint(fields=["size"], condition=Q(mood="sad"), name="sad_uniq"),
            ],
        },
    ),
    CreateModel("Part", [key(), ("item", link("music.Item"))]),
]
CASES_IN_SALES: dict[str, Sequence[Operation]] = {
    "not unique": [AlterField("item", "name", text(db_index=True))],
    "not indexed": [AlterField("item", "notes", models.TextField())],
    "unique": [AlterField("item", "size", size(unique=True))],
    "no foreign key": [AlterField("item", "shop", link("music.Shop", db_constraint=False))],
    "other foreign key": [AlterField("part", "item", link("music.Shop"))],
    "new foreign key": [AddField("part", "shop", link("music.Shop", null=True))],
    "longer key": [AlterField("item", "id", models.BigAutoField(primary_key=True))],
    "number": [AlterField("item", "mood", text(unique=True, null=True))],
    "renamed field": [RenameField("item", "name", "title"), RenameField("item", "shop", "store")],
    "removed field": [RemoveField("item", "shop")],
    "not unique together": [AlterUniqueTogether("item", {("name", "shop")})],
    "renamed index": [RenameIndex("item", new_name="item_idx", old_name="item_given_idx")],
    "removed index": [RemoveIndex("item", "item_sad_idx"), RemoveConstraint("item", "sad_uniq")],
    "renamed model": [RenameModel("Item", "Thing")],
    "renamed table": [AlterModelTable("item", 'sales"."items')],
    "other schema": [AlterModelTable("item", 'archive"."item')],
    "other schema and name": [AlterModelTable("item", 'archive"."items')],
    "no schema": [AlterModelTable("item", None)],
    "new schema": [AlterModelTable("part", 'sales"."part')],
    "moved and altered": [
        AlterModelTable("item", 'archive"."items'),
        AlterField("item", "name", text()),
        AlterField("item", "shop", link("music.Shop", db_constraint=False)),
    ],
}


@pytest.mark.parametrize(
    ("create", "cases"),
    [(CREATE, CASES), (IN_SALES, CASES_IN_SALES)],
    ids=["usual schema", "other schemas"],
)
def test_change_forwards_and_backwards__names_as_in_new_tables_and_as_before(
    create: list[Operation], cases: dict[str, Sequence[Operation]], subtests: pytest.Subtests
) -> None:
    state = applied(ProjectState(), *create)
    before = names()
    for name, operations in cases.items():
        with subtests.test(name), transaction.atomic():
            statements = collected(state, operations)
            after = applied(state, *operations)
            renamed = names()
            unapplied(state, *operations)
            assert names() == before
            for statement in statements:
                run_sql(statement)
            assert names() == renamed
            create_again(after)
            assert names() == renamed
            transaction.set_rollback(True)


def migration(operations: Sequence[Operation]) -> Migration:
    cls: type[Migration] = type("Migration", (Migration,), {"operations": [*operations]})
    return cls("0002_renamed", "music")


def collected(state: ProjectState, operations: Sequence[Operation]) -> list[str]:
    editor: Any
    with connection.schema_editor(collect_sql=True) as editor:
        migration(operations).apply(state.clone(), editor, collect_sql=True)
    return [sql for sql in editor.collected_sql if not sql.startswith("--")]


def create_again(state: ProjectState) -> None:
    """Drop all tables of the app, and create those of `state`."""
    run_sql(f"DROP TABLE {', '.join(name for (name,) in run_sql(TABLES))}")
    with connection.schema_editor() as editor:
        for model in state.apps.get_models():
            editor.create_model(model)


def names() -> list[tuple[Any, ...]]:
    """Return the names of the app's tables and of their constraints, indexes and sequences."""
    return run_sql(NAMES)


# The type was created before the tables of the app, and after those of the project.
TABLES = """
    SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r'
       AND oid > 'mood'::regtype::oid
"""
NAMES = f"""
    WITH tables (name) AS ({TABLES}), relations AS (SELECT name::regclass AS oid FROM tables)
    SELECT 'table', name, '' FROM tables
     UNION ALL
    SELECT 'constraint ' || contype::text, conname,
           conrelid::regclass::text || pg_get_constraintdef(oid)
      FROM pg_constraint WHERE conrelid IN (SELECT oid FROM relations)
     UNION ALL
    SELECT 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid)
      FROM pg_index WHERE indrelid IN (SELECT oid FROM relations)
     UNION ALL
    SELECT 'sequence', objid::regclass::text, refobjid::regclass || '.' || refobjsubid
      FROM pg_depend WHERE refobjid IN (SELECT oid FROM relations) AND deptype = 'i'
       AND refobjsubid > 0 AND classid = 'pg_class'::regclass
     ORDER BY 1, 2
"""


def test_foreign_key_renamed_after_rows_were_written__checked_and_renamed() -> None:
    state = applied(ProjectState(), *CREATE)
    run_sql("INSERT INTO music_singer VALUES ('Nina')")
    insert = "INSERT INTO music_song (title, notes, size, singer_id) VALUES ('', '', 1, 'Nina')"
    applied(state, RunSQL(insert), RenameField("song", "singer", "artist"))
    assert run_sql("SELECT artist_id FROM music_song") == [("Nina",)]


def test_labels_of_a_column_in_another_schema_reordered__table_follows() -> None:
    state = applied(ProjectState(), *IN_SALES)
    applied(state, AlterEnum("mood", ["sad", "happy"], ["happy", "sad"]))
    assert run_sql(
        "SELECT atttypid::regtype::text, enum_range(NULL::mood)::text FROM pg_attribute"
        " WHERE attrelid = 'sales.item'::regclass AND attname = 'mood'"
    ) == [("mood", "{sad,happy}")]


def test_field_of_a_deferred_check_renamed__check_is_created_before() -> None:
    fields: Fields = [key(), ("size", size(db_default=1))]
    check = models.CheckConstraint(condition=Q(size__lt=9), name="size_check")
    album = CreateModel("Album", fields, {"constraints": [check]})
    applied(ProjectState(), *CREATE[:1], album, RenameField("album", "size", "length"))
    checks = run_sql(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'music_album'::regclass AND conname = 'size_check'"
    )
    assert checks == [("CHECK ((length < 9))",)]


def test_comment_of_a_column_that_a_view_reads__changed() -> None:
    state = applied(ProjectState(), *CREATE)
    run_sql("CREATE VIEW titles AS SELECT title FROM music_song")
    applied(state, AlterField("song", "title", text(unique=True, db_comment="100% new")))
    assert run_sql("SELECT col_description('music_song'::regclass, 2)") == [("100% new",)]
