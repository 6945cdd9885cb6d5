"""Objects of each kind that migrations create by SQL: listed only if they are removed."""

from tests.rollback.helpers import GO_ON, destroyed, rollback
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql

ITEM = """
class Item(models.Model):
    price = models.IntegerField(null=True)
    class Meta:
        db_table = "item"
"""
CREATED = """
migrations.RunSQL(
    '''
    DROP EXTENSION plpgsql;
    CREATE EXTENSION plpgsql;
    CREATE SCHEMA "My Schema-1";
    CREATE TABLE "My Schema-1"."Old Log" (id bigserial PRIMARY KEY, "how many" int);
    INSERT INTO "My Schema-1"."Old Log" ("how many") VALUES (1), (NULL);
    CREATE TABLE logs (day date, item_id bigint REFERENCES item) PARTITION BY RANGE (day);
    CREATE TABLE logs_2025 PARTITION OF logs FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    INSERT INTO logs VALUES ('2025-06-01', NULL), ('2025-07-01', NULL);
    CREATE UNLOGGED TABLE child () INHERITS (item);
    INSERT INTO child (id, price) VALUES (1, 7);
    CREATE SEQUENCE tickets;
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE TYPE pair AS (a int, b int);
    CREATE DOMAIN percent AS numeric CHECK (VALUE BETWEEN 0 AND 100);
    CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1';
    CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE VIEW prices AS SELECT price, twice(price) AS twice FROM item;
    CREATE MATERIALIZED VIEW dear AS SELECT * FROM prices WHERE price > 5;
    CREATE TRIGGER stamped BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION stamp();
    CREATE POLICY all_users ON users USING (true);
    CREATE COLLATION plain FROM "C";
    ALTER TABLE users ADD COLUMN "nick%name" text;
    CREATE INDEX ON users ("nick%name");
    ''',
    '''
    DROP MATERIALIZED VIEW dear;
    DROP VIEW prices;
    DROP TRIGGER stamped ON users;
    DROP POLICY all_users ON users;
    DROP FUNCTION twice(int), stamp();
    DROP EXTENSION plpgsql;
    DROP TABLE child, logs, "My Schema-1"."Old Log";
    DROP SCHEMA "My Schema-1";
    DROP SEQUENCE tickets;
    DROP TYPE mood, pair;
    DROP DOMAIN percent;
    DROP COLLATION plain;
    ALTER TABLE users DROP COLUMN "nick%name";
    ''',
),
"""


def test_objects_of_all_kinds__named(lab: Lab) -> None:
    lab.write_models(ITEM)
    lab.make_migrations()
    lab.write_migration("0002_created", CREATED)
    migrate("lab")
    lines = rollback("--to", "lab.0001", *GO_ON, "--no-backup")
    assert [line for line in destroyed(lines) if "kB" not in line] == [
        '0 values in column users."nick%name", 0 bytes',
        '3 tables: "My Schema-1"."Old Log", child, logs',
        "1 collation: plain",
        "1 composite type: pair",
        "1 domain: percent",
        "1 enum type: mood",
        "1 extension: plpgsql",
        "2 functions: stamp(), twice(integer)",
        "1 materialized view: dear",
        "1 policy: all_users on public.users",
        '1 schema: "My Schema-1"',
        "1 sequence: tickets",
        "1 trigger: stamped on public.users",
        "1 view: prices",
        "other data that the code of the migrations changes when they are unapplied",
    ]
    assert [line for line in lines if line.startswith("  5 rows in 3 tables, ")]


REPLACED = """
migrations.RunSQL(
    "CREATE VIEW prices AS SELECT price FROM item; CREATE SEQUENCE tickets;",
    "DROP VIEW prices; DROP SEQUENCE tickets",
),
migrations.RunSQL("SELECT 1", migrations.RunSQL.noop),
"""
AGAIN = """
migrations.RunSQL(
    "SELECT 1",
    "DROP VIEW prices; CREATE VIEW prices AS SELECT 1 AS price;"
    "DROP SEQUENCE tickets; CREATE SEQUENCE tickets",
),
"""


def test_objects_dropped_and_created_again__named_only_if_they_have_contents(lab: Lab) -> None:
    lab.write_models(ITEM)
    lab.make_migrations()
    lab.write_migration("0002_created", REPLACED)
    lab.write_migration("0003_again", AGAIN)
    migrate("lab")
    lines = rollback("--to", "lab.0002", *GO_ON, "--no-backup")
    assert destroyed(lines) == [
        "1 sequence: tickets",
        "other data that the code of the migrations changes when they are unapplied",
    ]


def test_labels_that_are_removed__no_object_is_named(lab: Lab) -> None:
    lab.write_models(ITEM)
    lab.make_migrations()
    lab.write_migration("0002_enum", "CreateEnum('mood', ['sad']),")
    lab.write_migration("0003_label", "AddEnumValue('mood', 'happy'),")
    migrate("lab")
    run_sql("CREATE TABLE moods (mood mood); CREATE VIEW all_moods AS SELECT mood FROM moods")
    run_sql("INSERT INTO moods VALUES ('sad')")
    lines = rollback("--to", "lab.0002", "--noinput", "--no-backup")
    assert "This destroys no rows." in lines
    assert run_sql("SELECT mood::text FROM all_moods") == [("sad",)]
