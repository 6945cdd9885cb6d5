"""Objects that are not in the models: expected if a migration created them."""

import json
from pathlib import Path

import pytest
from django.db import transaction

from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql
from tests.support.verify_schema import IDENTICAL, Run, verify_schema

MODELS = """
class Keep(models.Model):
    label = models.CharField(max_length=20, db_index=True)
    kind = EnumField(models.TextChoices("Size", {"S": "s", "L": "l"}))

    class Meta:
        db_table = "keep"

class Item(models.Model):
    name = models.CharField(max_length=20)
    amount = models.IntegerField(default=0)
    first = models.OneToOneField(Keep, models.CASCADE, null=True, related_name="+")
    keeps = models.ManyToManyField(Keep)

    class Meta:
        db_table = "item"
"""
CREATED_BY_SQL = """
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
    CREATE OR REPLACE FUNCTION public.twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
    CREATE PROCEDURE tidy() LANGUAGE sql AS '';
    CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int);
    create domain "Positive" as int check (value > 0);
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE TYPE pair AS (a int, b int);
    CREATE TYPE span AS RANGE (SUBTYPE = int);
    CREATE SEQUENCE IF NOT EXISTS numbers;
    CREATE TABLE log (id serial PRIMARY KEY, item int REFERENCES item, note text UNIQUE);
    CREATE INDEX ON log (note);
    CREATE UNLOGGED TABLE scratch (id int);
    CREATE VIEW cheap AS SELECT * FROM item WHERE amount < 10;
    CREATE MATERIALIZED VIEW totals AS SELECT sum(amount) FROM item;
    CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);
    CREATE COLLATION "byte order" FROM "C";
    CREATE TRIGGER touch BEFORE INSERT OR UPDATE OF name ON item
       FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE RULE quiet AS ON DELETE TO item WHERE OLD.amount < 0 DO INSTEAD NOTHING;
    CREATE POLICY visible ON public.item USING (true);
    CREATE UNIQUE INDEX item_name ON "item" (name, amount);
    CREATE INDEX ON item (amount);
    ALTER TABLE item ADD CONSTRAINT small CHECK (amount < 1000);
    ALTER TABLE item ADD CHECK (amount > -1000);
    ALTER TABLE IF EXISTS item ADD COLUMN old_name text UNIQUE, ADD COLUMN number serial;
    SELECT name, amount INTO UNLOGGED copied FROM item;
    CREATE TABLE first_name (id int);
    ALTER TABLE first_name RENAME TO second_name;
"""
CREATED_MANUALLY = {
    "VS102 log2": "CREATE TABLE log2 (id int)",
    "VS102 copied2": "SELECT 1 INTO copied2",
    "VS102 first_name": "CREATE TABLE first_name (id int)",
    "VS202 item.old_name2": "ALTER TABLE item ADD old_name2 text",
    "VS712 Positive2": 'CREATE DOMAIN "Positive2" AS int',
    "VS702 mood2": "CREATE TYPE mood2 AS ENUM ('good')",
    "VS802 numbers2": "CREATE SEQUENCE numbers2",
    "VS812 costly": "CREATE VIEW costly AS SELECT * FROM item",
    "VS822 function public.n(integer)": "CREATE FUNCTION n(int) RETURNS int"
    " LANGUAGE sql AS 'SELECT 1'",
    "VS822 function public.cheap()": "CREATE FUNCTION cheap() RETURNS int"
    " LANGUAGE sql AS 'SELECT 1'",
    'VS822 collation public."order"': 'CREATE COLLATION "order" FROM "C"',
    "VS902 keep.touch": "CREATE TRIGGER touch BEFORE INSERT ON keep"
    " FOR EACH ROW EXECUTE FUNCTION touch()",
    "VS602 keep.keep_name": "CREATE INDEX keep_name ON keep (label, kind)",
    "VS502 keep.keep_label_check": "ALTER TABLE keep ADD CHECK (label <> 'x')",
    "VS922 keep.visible": "CREATE POLICY visible ON keep",
}


STATE_ONLY = """
    migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RunSQL(
            "ALTER TABLE item ALTER amount DROP NOT NULL",
            "ALTER TABLE item ALTER amount SET NOT NULL",
        )],
        state_operations=[
            migrations.RemoveField("Item", "amount"),
            migrations.RemoveField("Item", "first"),
            migrations.RemoveField("Item", "keeps"),
            migrations.DeleteModel("Keep"),
        ],
    ),
"""
DROP_REMOVED = """
    migrations.RunSQL(
        'DROP TABLE item_keeps; ALTER TABLE item DROP COLUMN amount, DROP "first_id";'
        'DROP TABLE "keep"; DROP TYPE size',
        migrations.RunSQL.noop,
    ),
"""
REMAINING_MODELS = """
class Item(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        db_table = "item"
"""


@pytest.fixture
def items(lab: Lab) -> Lab:
    lab.write_models(MODELS)
    lab.migrate()
    return lab


def found() -> list[str]:
    """Return the code and the object of each finding."""
    drifts = json.loads(verify_schema("--format", "json").out)["drifts"]
    return [
        f"{drift['code']} {'.'.join(filter(None, (drift['table'], drift['name'])))}"
        for drift in drifts
    ]


def test_objects_of_sql__expected_only_if_a_migration_created_them(items: Lab) -> None:
    items.write_migration("0002_sql", f"migrations.RunSQL({CREATED_BY_SQL!r}),")
    migrate()
    assert found() == []
    run_sql("; ".join(CREATED_MANUALLY.values()))
    assert sorted(found()) == sorted(CREATED_MANUALLY)


def test_parts_that_sql_added_to_a_table__expected_after_the_table_is_renamed(items: Lab) -> None:
    items.write_migration("0002_sql", f"migrations.RunSQL({CREATED_BY_SQL!r}),")
    items.write_models(MODELS.replace('db_table = "item"', 'db_table = "sales_item"'))
    items.make_migrations("--name=third")
    items.write_models(MODELS.replace('db_table = "item"', 'db_table = "thing"'))
    items.make_migrations("--name=fourth")
    migrate()
    assert found() == []
    run_sql("CREATE TRIGGER touch BEFORE INSERT ON keep EXECUTE FUNCTION touch()")
    assert found() == ["VS902 keep.touch"]


@pytest.mark.parametrize(
    "operation",
    [
        "migrations.RunSQL([('CREATE VIEW shown AS SELECT 1', None),"
        " 'CREATE VIEW other AS TABLE item']),",
        "migrations.SeparateDatabaseAndState(database_operations=[migrations.RunSQL("
        "'CREATE VIEW shown AS SELECT 1; CREATE VIEW other AS TABLE item')]),",
        "migrations.RunPython(lambda apps, editor: editor.execute("
        "'CREATE VIEW shown AS SELECT 1; CREATE VIEW other AS TABLE item')),",
    ],
    ids=["list", "database operation", "code"],
)
def test_objects_of_other_operations__expected(items: Lab, operation: str) -> None:
    items.write_migration("0002_views", operation)
    migrate()
    assert verify_schema("-v0").verdict == IDENTICAL


def test_objects_without_a_migration_that_an_object_of_a_migration_needs__expected(
    items: Lab,
) -> None:
    run_sql(
        "CREATE FUNCTION shout(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT upper($1)';"
        "CREATE DOMAIN loud AS text; CREATE TYPE mood AS ENUM ('good')"
    )
    items.write_migration(
        "0002_needing",
        "migrations.RunSQL('CREATE VIEW louder AS SELECT shout(name)::loud AS name FROM item;"
        " CREATE TABLE moods (mood mood[])'),",
    )
    migrate()
    assert found() == []


def test_object_that_later_sql_drops__extra(items: Lab) -> None:
    items.write_migration("0002_made", "migrations.RunSQL('CREATE VIEW a AS SELECT 1'),")
    items.write_migration("0003_dropped", "migrations.RunSQL('DROP VIEW IF EXISTS b, a'),")
    migrate()
    run_sql("CREATE VIEW a AS SELECT 1")
    assert found() == ["VS812 a"]


def test_object_of_unapplied_sql__extra(items: Lab) -> None:
    items.write_migration("0002_made", "migrations.RunSQL('CREATE VIEW a AS SELECT 1'),")
    run_sql("CREATE VIEW a AS SELECT 1")
    assert found() == ["VS011 lab.0002_made", "VS812 a"]


def test_objects_removed_from_the_models_only__expected_until_sql_drops_them(items: Lab) -> None:
    items.write_models(REMAINING_MODELS)
    items.write_migration("0002_forget", STATE_ONLY)
    migrate()
    assert verify_schema("-v0").verdict == IDENTICAL
    items.write_migration("0003_drop", DROP_REMOVED)
    migrate()
    assert verify_schema("-v0").verdict == IDENTICAL
    run_sql("CREATE TABLE keep (id int); ALTER TABLE item ADD amount int")
    assert found() == ["VS202 item.amount", "VS102 keep"]


NOT_VALID = """
    AddConstraintNotValid("Item", models.CheckConstraint(
        condition=models.Q(amount__gte=0), name="positive"
    )),
    migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RunSQL(
            'ALTER TABLE "item" ADD CONSTRAINT "small" CHECK (amount < 9) NOT VALID'
        )],
        state_operations=[migrations.AddConstraint("Item", models.CheckConstraint(
            condition=models.Q(amount__lt=9), name="small"
        ))],
    ),
"""
CONSTRAINED = MODELS.replace(
    'db_table = "item"',
    """db_table = "item"
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="positive"),
            models.CheckConstraint(condition=models.Q(amount__lt=9), name="small"),
        ]""",
)
VALIDATE = """
    ValidateConstraint("Item", "positive"),
    migrations.RunSQL('ALTER TABLE item VALIDATE CONSTRAINT small'),
"""


def test_not_valid_constraints__expected_as_such_until_they_are_validated(items: Lab) -> None:
    items.write_models(CONSTRAINED)
    items.write_migration("0002_added", NOT_VALID)
    migrate()
    assert found() == []
    run_sql("ALTER TABLE item VALIDATE CONSTRAINT positive, VALIDATE CONSTRAINT small")
    assert found() == []
    items.write_migration("0003_validated", VALIDATE)
    migrate()
    run_sql(
        "ALTER TABLE item DROP CONSTRAINT small, ADD CONSTRAINT small CHECK (amount < 9) NOT VALID"
    )
    assert found() == ["VS503 item.small"]


def test_collation_of_migrations__expected_until_one_removes_it(items: Lab) -> None:
    collation = "'Byte order', locale='C', provider='libc'"
    items.write_migration("0002_created", f"CreateCollation({collation}),")
    migrate()
    assert found() == []
    run_sql('ALTER COLLATION "Byte order" RENAME TO other')
    assert found() == ["VS821 collation public.Byte order", "VS822 collation public.other"]
    run_sql('ALTER COLLATION other RENAME TO "Byte order"')
    items.write_migration("0003_removed", f"RemoveCollation({collation}),")
    migrate()
    run_sql('CREATE COLLATION "Byte order" FROM "C"')
    assert found() == ['VS822 collation public."Byte order"']


# Objects to which models only refer

REFERRING = """
class Mood(models.Field):
    def db_type(self, connection):
        return "mood"

class NextNumber(models.Func):
    template, output_field = "nextval('numbers')", models.IntegerField()

class Twice(models.Func):
    function, output_field = "twice", models.IntegerField()

class Item(models.Model):
    name = models.CharField(max_length=20, db_collation="byte order")
    mood = Mood()
    number = models.IntegerField(db_default=NextNumber())

    class Meta:
        db_table = "item"
        constraints = [models.CheckConstraint(
            condition=models.lookups.Exact(Twice(models.Value(1)), 2), name="twice"
        )]

class Seen(models.Model):
    class Meta:
        db_table, managed = "seen", False
"""
REFERRED_TO = """
    CREATE COLLATION "byte order" FROM "C"; CREATE TYPE mood AS ENUM ('good');
    CREATE SEQUENCE numbers; CREATE VIEW seen AS SELECT 1 AS id;
    CREATE FUNCTION twice(n int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2 * n';
"""
MISSING = {
    'VS821 collation "byte order" for encoding "UTF8"': 'DROP COLLATION "byte order" CASCADE',
    'VS821 type "mood"': "DROP TYPE mood CASCADE",
    'VS821 relation "numbers"': "DROP SEQUENCE numbers CASCADE",
    "VS821 function twice(integer)": "DROP FUNCTION twice CASCADE",
    "VS101 seen": "DROP VIEW seen",
}


def test_objects_that_models_refer_to__expected_and_reported_if_missing(
    lab: Lab, subtests: pytest.Subtests, tmp_path: Path
) -> None:
    lab.write_models(REFERRING)
    run_sql(REFERRED_TO)
    lab.migrate()
    assert verify_schema("-v0").verdict == IDENTICAL
    verify_schema("--snapshot", tmp_path / "schema.txt")
    assert verify_schema("--expect", tmp_path / "schema.txt", "-v0").verdict == IDENTICAL
    for drift, sql in MISSING.items():
        with subtests.test(drift), transaction.atomic():
            run_sql(sql)
            assert found() == [drift]
            transaction.set_rollback(True)


def test_snapshot_of_models_that_refer_to_a_missing_object__status_2(
    lab: Lab, tmp_path: Path
) -> None:
    lab.write_models(REFERRING)
    assert verify_schema("--snapshot", tmp_path / "schema.txt") == Run(
        2,
        "",
        'Table item depends on the collation "byte order" for encoding "UTF8", which is missing. '
        "Run manage.py migrate, or create it.",
    )


def test_models_that_refer_to_objects_of_an_unapplied_migration__migration_is_reported(
    lab: Lab,
) -> None:
    lab.write_models(REFERRING)
    lab.write_migration("0001_needed", f"migrations.RunSQL({REFERRED_TO!r}),")
    lab.make_migrations()
    assert found() == [
        "VS011 lab.0001_needed",
        "VS011 lab.0002_initial",
        "VS101 item",
        'VS821 collation "byte order" for encoding "UTF8"',
        "VS101 seen",
    ]


def test_dropped_objects_of_sql__reported_as_missing(items: Lab) -> None:
    items.write_migration("0002_sql", f"migrations.RunSQL({CREATED_BY_SQL!r}),")
    migrate()
    run_sql(
        'DROP FUNCTION twice; DROP DOMAIN "Positive"; DROP TYPE mood, span, pair; DROP VIEW cheap;'
        " DROP MATERIALIZED VIEW totals; DROP SEQUENCE numbers; DROP TABLE log, scratch;"
        ' DROP COLLATION "byte order"; DROP AGGREGATE total(int)'
    )
    assert sorted(found()) == [
        "VS101 log",
        "VS101 scratch",
        "VS701 mood",
        "VS711 Positive",
        "VS721 span",
        "VS731 pair",
        "VS801 numbers",
        "VS811 cheap",
        "VS811 totals",
        "VS821 aggregate public.total",
        "VS821 collation public.byte order",
        "VS821 function public.twice",
    ]
    assert verify_schema("--sql").out.count("\n") == 4


@pytest.mark.parametrize(
    "later",
    [
        "migrations.RunSQL('DROP TABLE made CASCADE'),",
        "migrations.RunSQL('ALTER VIEW above RENAME TO other; DROP VIEW other'),",
        "migrations.RunPython(lambda apps, editor: editor.execute('DROP VIEW ab' 'ove')),",
    ],
    ids=["cascade", "renamed", "code"],
)
def test_object_of_sql_that_a_later_migration_may_have_dropped__not_reported_as_missing(
    items: Lab, later: str
) -> None:
    items.write_migration(
        "0002_made",
        "migrations.RunSQL('CREATE TABLE made (id int); CREATE VIEW above AS TABLE made'),",
    )
    items.write_migration("0003_dropped", later)
    migrate()
    assert found() == []


def test_object_that_a_function_of_sql_creates__not_reported_as_missing(items: Lab) -> None:
    items.write_migration(
        "0002_made",
        "migrations.RunSQL('''-- CREATE VIEW a AS SELECT 1;\n"
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN NULL; CREATE TABLE b ();"
        " END$$; COMMENT ON FUNCTION f IS 'x; CREATE TABLE c ()'; CREATE TEMP TABLE d ()'''),",
    )
    migrate()
    assert found() == []
