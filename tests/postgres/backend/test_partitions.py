"""Migrations of a table that is partitioned by month."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.core.management.base import CommandError
from django.db import connection, models, transaction
from django.db.migrations import Migration
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterModelTable,
    AlterModelTableComment,
    CreateModel,
    DeleteModel,
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
from django.db.models.functions import Lower
from pytest_django import DjangoDbBlocker

from config.postgres import MonthlyPartitions
from config.postgres.enums.field import EnumField
from config.postgres.enums.operations import (
    AddEnumValue,
    AlterEnum,
    CreateEnum,
    RenameEnum,
    RenameEnumValue,
)
from config.postgres.names import shortened
from tests.support.migrations import (
    applied,
    check_reversible,
    new_default_database,
    run_sql,
    schema,
    unapplied,
)

type AnyField = "models.Field[Any, Any]"

BY_TIME = MonthlyPartitions("time", name="music_play_default")
LABELS = ["happy", "sad"]


def mood(labels: Sequence[str] = LABELS, **options: Any) -> AnyField:
    return EnumField(type_name="mood", labels=[*labels], **options)


def create(table: str = "", **fields: AnyField) -> list[Operation]:
    """Return operations that create a table partitioned by month, and the table it refers to."""
    columns: list[tuple[str, AnyField]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("singer", models.ForeignKey("music.Singer", models.CASCADE, null=True)),
        ("title", models.CharField(max_length=20, db_default="", db_index=True)),
        ("mood", mood(db_default="sad")),
        ("time", models.DateTimeField(db_default=models.functions.Now())),
        *fields.items(),
    ]
    options: dict[str, Any] = {
        "indexes": [
            models.Index(fields=["singer", "time"], name="music_play_singer_time_idx"),
            models.Index(fields=["time"], condition=Q(mood="sad"), name="music_play_sad_idx"),
        ],
        "constraints": [
            models.CheckConstraint(condition=~Q(title="x"), name="music_play_title_check"),
            models.UniqueConstraint(fields=["title", "time"], name="music_play_title_uniq"),
            BY_TIME,
        ],
    }
    return [
        CreateEnum("mood", LABELS),
        CreateModel("Singer", [("id", models.AutoField(primary_key=True))]),
        CreateModel("Play", columns, options | ({"db_table": table} if table else {})),
    ]


def make_month_with_rows(table: str = "music_play", month: str = "music_play_2026_11") -> None:
    run_sql(
        f"CREATE TABLE {month} PARTITION OF {table}"
        " FOR VALUES FROM ('2026-11-01 00:00Z') TO ('2026-12-01 00:00Z')"
    )
    run_sql(f"INSERT INTO {table} (title, time) VALUES ('a', '2026-11-05'), ('b', '2026-12-05')")
    connection.check_constraints()  # a table with pending foreign key checks cannot be altered


@pytest.fixture
def state(db: None) -> ProjectState:
    """Create the table, with a row in a month and one in the default partition."""
    after = applied(ProjectState(), *create())
    make_month_with_rows()
    return after


def partitions(table: str = "music_play") -> list[str]:
    return partitions_of(f"'{table}'::regclass")


def partitions_of(oid: str) -> list[str]:
    rows = run_sql(
        "SELECT inhrelid::regclass::text FROM pg_inherits"
        f" WHERE inhparent = {oid} ORDER BY inhrelid::regclass::text"
    )
    return [name for (name,) in rows]


def migration(name: str, *operations: Operation, atomic: bool = True) -> Migration:
    body = {"operations": [*operations], "atomic": atomic}
    cls: type[Migration] = type("Migration", (Migration,), body)
    return cls(name, "music")


def collected(state: ProjectState, *operations: Operation) -> list[str]:
    """Return the SQL that sqlmigrate prints."""
    atomic = all(operation.atomic is not False for operation in operations)
    editor: Any
    with connection.schema_editor(collect_sql=True, atomic=atomic) as editor:
        changed = migration("0002_changed", *operations, atomic=atomic)
        changed.apply(state.clone(), editor, collect_sql=True)
    return [sql for sql in editor.collected_sql if not sql.startswith("--")]


CHANGES: dict[str, Sequence[Operation]] = {
    "new column": [AddField("play", "size", models.IntegerField(db_default=1))],
    "new column with a default only in Python": [
        AddField("play", "size", models.IntegerField(default=1, null=True))
    ],
    "new indexed column": [AddField("play", "size", models.IntegerField(null=True, db_index=True))],
    "new checked column": [AddField("play", "size", models.PositiveIntegerField(db_default=1))],
    "new foreign key": [
        AddField("play", "partner", models.ForeignKey("music.Singer", models.CASCADE, null=True))
    ],
    "new generated column": [
        AddField(
            "play",
            "lower",
            models.GeneratedField(
                expression=Lower("title"), output_field=models.TextField(), db_persist=True
            ),
        )
    ],
    "new enum column": [AddField("play", "other", mood(null=True))],
    "removed column": [RemoveIndex("play", "music_play_sad_idx"), RemoveField("play", "mood")],
    "removed foreign key": [
        RemoveIndex("play", "music_play_singer_time_idx"),
        RemoveField("play", "singer"),
    ],
    "longer column": [AlterField("play", "title", models.CharField(max_length=50, db_default=""))],
    "another type": [AlterField("play", "title", models.TextField(null=True, db_index=True))],
    "enum to text": [AlterField("play", "mood", models.CharField(max_length=9, db_default="sad"))],
    "no foreign key": [
        AlterField(
            "play",
            "singer",
            models.ForeignKey("music.Singer", models.CASCADE, null=True, db_constraint=False),
        )
    ],
    "not indexed": [AlterField("play", "title", models.CharField(max_length=20, db_default=""))],
    "renamed column": [RenameField("play", "title", "name")],
    "renamed partition column": [
        RemoveConstraint("play", "music_play_title_uniq"),
        RemoveConstraint("play", "music_play_default"),
        RenameField("play", "time", "moment"),
        AddConstraint("play", MonthlyPartitions("moment", name="music_play_default")),
    ],
    "renamed default partition": [
        RemoveConstraint("play", "music_play_default"),
        AddConstraint("play", MonthlyPartitions("time", name="music_play_rest")),
    ],
    "renamed foreign key": [RenameField("play", "singer", "artist")],
    "renamed model": [RenameModel("Play", "Hearing")],
    "renamed table": [AlterModelTable("play", "plays")],
    "new index": [AddIndex("play", models.Index(Lower("title"), name="music_play_lower_idx"))],
    "removed index": [RemoveIndex("play", "music_play_sad_idx")],
    "renamed index": [RenameIndex("play", new_name="sad_idx", old_name="music_play_sad_idx")],
    "new check": [
        AddConstraint(
            "play", models.CheckConstraint(condition=~Q(title="y"), name="music_play_y_check")
        )
    ],
    "removed check": [RemoveConstraint("play", "music_play_title_check")],
    "new unique rule": [
        AddConstraint(
            "play",
            models.UniqueConstraint(fields=["mood", "time"], name="music_play_mood_uniq"),
        )
    ],
    "new unique rule with a condition": [
        AddConstraint(
            "play",
            models.UniqueConstraint(
                F("title"), F("time"), condition=Q(mood="sad"), name="music_play_mood_uniq"
            ),
        )
    ],
    "removed unique rule": [RemoveConstraint("play", "music_play_title_uniq")],
    "new label": [AddEnumValue("mood", "calm", before="sad")],
    "renamed label": [RenameEnumValue("mood", "sad", "blue")],
    "renamed type": [RenameEnum("mood", "feeling")],
    "reordered labels": [AlterEnum("mood", ["sad", "happy"], LABELS)],
    "removed label": [AlterEnum("mood", ["sad"], LABELS)],
}


def test_change__reaches_every_partition_and_is_undone(
    state: ProjectState, subtests: pytest.Subtests
) -> None:
    before = indexes_by_partition()
    for name, operations in CHANGES.items():
        with subtests.test(name), transaction.atomic():
            check_reversible(state, *operations)
            unapplied(state, *operations)
            assert indexes_by_partition() == before
            transaction.set_rollback(True)


def indexes_by_partition() -> list[tuple[Any, ...]]:
    """Return each table, and how many of its indexes are attached to an index of the parent."""
    return run_sql(
        "SELECT indrelid::regclass::text, count(inhparent) FROM pg_index"
        " LEFT JOIN pg_inherits ON inhrelid = indexrelid"
        " WHERE indrelid::regclass::text LIKE 'music_play%' GROUP BY 1 ORDER BY 1"
    )


def test_new_table__is_partitioned_by_time_and_has_time_in_its_primary_key(db: None) -> None:
    applied(ProjectState(), *create())
    assert run_sql(
        "SELECT pg_get_partkeydef('music_play'::regclass), relname, pg_get_expr(relpartbound, oid)"
        " FROM pg_class WHERE oid = 'music_play_default'::regclass"
    ) == [('RANGE ("time")', "music_play_default", "DEFAULT")]
    assert run_sql(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'music_play'::regclass AND contype = 'p'"
    ) == [("music_play_pkey", 'PRIMARY KEY (id, "time")')]


def test_creation_undone__leaves_nothing(db: None) -> None:
    applied(ProjectState(), *create())
    make_month_with_rows()
    before = ProjectState()
    unapplied(before, *create())
    assert [line for line in schema() if "music" in line or "mood" in line] == []


def test_table_removed__its_partitions_are_removed_and_restored(state: ProjectState) -> None:
    applied(state, DeleteModel("Play"))
    assert run_sql("SELECT relname FROM pg_class WHERE relname LIKE 'music_play%'") == []
    unapplied(state, DeleteModel("Play"))
    assert partitions() == ["music_play_default"]


def test_table_of_another_schema__has_its_partitions_there(db: None) -> None:
    applied(ProjectState(), RunSQL("CREATE SCHEMA sales"), *create('sales"."play'))
    assert partitions("sales.play") == ["sales.music_play_default"]


@pytest.mark.parametrize("length", [59, 63])
def test_table_with_a_long_name__has_a_key_whose_name_fits(db: None, length: int) -> None:
    name = "x" * length
    applied(ProjectState(), *create(name))
    [(key,)] = run_sql(
        f"SELECT conname FROM pg_constraint WHERE conrelid = '{name}'::regclass AND contype = 'p'"
    )
    assert key == f"{shortened(name, 58)}_pkey"


def test_table_partitioned_by_date__takes_the_rows_of_its_months(db: None) -> None:
    day = models.DateField()
    partitioned = CreateModel(
        "Day",
        [("id", models.AutoField(primary_key=True)), ("day", day)],
        {"constraints": [MonthlyPartitions("day", name="music_day_default")]},
    )
    applied(ProjectState(), partitioned)
    run_sql(
        "CREATE TABLE music_day_2026_11 PARTITION OF music_day"
        " FOR VALUES FROM ('2026-11-01') TO ('2026-12-01')"
    )
    run_sql("INSERT INTO music_day (day) VALUES ('2026-11-30'), ('2026-12-01')")
    assert run_sql("SELECT tableoid::regclass::text FROM music_day ORDER BY 1") == [
        ("music_day_2026_11",),
        ("music_day_default",),
    ]


WITHOUT_PARTITIONS = CreateModel(
    "Play", [("id", models.AutoField(primary_key=True)), ("time", models.DateTimeField())]
)
REMOVE = RemoveConstraint("play", "music_play_default")
BY_OTHER = AddConstraint("play", MonthlyPartitions("other", name="music_play_default"))


@pytest.mark.parametrize(
    ("table", "operations", "existing", "wanted"),
    [
        ([WITHOUT_PARTITIONS], [AddConstraint("play", BY_TIME)], "without partitions", "with"),
        (create(), [REMOVE], "with partitions", "without"),
        (
            create(other=models.DateTimeField()),
            [REMOVE, BY_OTHER],
            "with partitions by 'time'",
            "with",
        ),
    ],
    ids=["added", "removed", "by another column"],
)
def test_partitions_of_an_existing_table_changed__refused(
    db: None, table: list[Operation], operations: list[Operation], existing: str, wanted: str
) -> None:
    state = applied(ProjectState(), *table)
    with pytest.raises(CommandError) as error:
        applied(state, *operations)
    assert str(error.value) == (
        f"Table music_play exists {existing}. PostgreSQL cannot change this for an existing table. "
        f"This migration changed nothing. Add a model {wanted} MonthlyPartitions "
        "'music_play_default', copy the rows to its table, and rename both models."
    )


RENAMES: dict[str, tuple[Sequence[Operation], list[str]]] = {
    "model": ([RenameModel("Play", "Hearing")], ["music_hearing_2026_11", "music_play_default"]),
    "table": ([AlterModelTable("play", "plays")], ["music_play_default", "plays_2026_11"]),
    "table twice": (
        [AlterModelTable("play", "x"), AlterModelTable("play", "y")],
        ["music_play_default", "y_2026_11"],
    ),
    "other schema": (
        [AlterModelTable("play", 'sales"."play')],
        ["sales.music_play_default", "sales.play_2026_11"],
    ),
    "long name": (
        [AlterModelTable("play", "x" * 63)],
        ["music_play_default", f"{shortened('x' * 63, 55)}_2026_11"],
    ),
}


@pytest.mark.parametrize(("operations", "names"), RENAMES.values(), ids=RENAMES)
def test_table_renamed__its_months_are_renamed_forwards_and_backwards(
    state: ProjectState, operations: Sequence[Operation], names: list[str]
) -> None:
    run_sql("CREATE SCHEMA sales")
    statements = collected(state, *operations)
    applied(state, *operations)
    table = f"(SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = '{names[0]}'::regclass)"
    assert partitions_of(table) == names
    unapplied(state, *operations)
    assert partitions() == ["music_play_2026_11", "music_play_default"]
    for statement in statements:
        run_sql(statement)
    assert partitions_of(table) == names


def test_partition_with_another_name__keeps_it_when_the_table_is_renamed(
    state: ProjectState,
) -> None:
    run_sql("ALTER TABLE music_play_2026_11 RENAME TO late_2026_11")
    applied(state, AlterModelTable("play", "plays"))
    assert partitions("plays") == ["late_2026_11", "music_play_default"]


def test_comments_of_the_table_and_a_column__are_set(state: ProjectState) -> None:
    commented = mood(db_default="sad", db_comment="100% of it.")
    applied(
        state,
        AlterModelTableComment("play", "What was played."),
        AlterField("play", "mood", commented),
    )
    assert run_sql(
        "SELECT obj_description(attrelid, 'pg_class'), col_description(attrelid, attnum)"
        " FROM pg_attribute WHERE attname = 'mood' AND attrelid = 'music_play'::regclass"
    ) == [("What was played.", "100% of it.")]


LATE = models.Index(fields=["time"], name="music_play_late_idx")


def attached_indexes(name: str) -> list[tuple[Any, ...]]:
    """Return the indexes attached to the index `name`, each with whether `name` is valid."""
    return run_sql(
        "SELECT inhrelid::regclass::text, indisvalid FROM pg_inherits"
        f" JOIN pg_index ON indexrelid = inhparent WHERE inhparent = '{name}'::regclass ORDER BY 1"
    )


@pytest.fixture
def own_database(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Let the alias "default" use an empty database, outside of transactions."""
    with django_db_blocker.unblock(), new_default_database():
        yield


def test_index_built_concurrently__is_built_on_each_partition_first(own_database: None) -> None:
    state = applied(ProjectState(), *create())
    make_month_with_rows()
    assert collected(state, AddIndexConcurrently("play", LATE)) == [
        'CREATE INDEX CONCURRENTLY "music_play_2026_11_late_idx" ON "music_play_2026_11" ("time");',
        'CREATE INDEX CONCURRENTLY "music_play_default_late_idx" ON "music_play_default" ("time");',
        'CREATE INDEX "music_play_late_idx" ON "music_play" ("time");',
    ]


def test_index_built_concurrently_after_an_interruption__is_completed(own_database: None) -> None:
    state = applied(ProjectState(), *create())
    make_month_with_rows()
    run_sql("CREATE INDEX music_play_2026_11_late_idx ON music_play_2026_11 (time)")
    with connection.schema_editor(atomic=False) as editor:
        late = migration("0002_late", AddIndexConcurrently("play", LATE), atomic=False)
        late.apply(state, editor)
    assert attached_indexes("music_play_late_idx") == [
        ("music_play_2026_11_late_idx", True),
        ("music_play_default_late_idx", True),
    ]


def test_index_removed_concurrently__is_removed_by_one_plain_statement(own_database: None) -> None:
    state = applied(ProjectState(), *create(), AddIndex("play", LATE))
    remove = RemoveIndexConcurrently("play", "music_play_late_idx")
    assert collected(state, remove) == ['DROP INDEX IF EXISTS "music_play_late_idx";']
