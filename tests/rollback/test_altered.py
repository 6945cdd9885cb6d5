"""Objects that a rollback alters, but does not drop, and that its backup restores."""

from tests.rollback.helpers import GO_ON, contents, restore, rollback
from tests.support.lab import Lab
from tests.support.migrations import dump, migrate, run_sql

CREATED = """
migrations.RunSQL(
    '''
    CREATE TABLE log (a int, b int);
    CREATE FUNCTION size() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE VIEW sizes AS SELECT a * 1 AS a FROM log;
    CREATE VIEW others AS SELECT a * 1 AS a FROM log;
    ''',
    "DROP VIEW sizes, others; DROP TABLE log; DROP FUNCTION size()",
),
"""
ALTERED = """
migrations.RunSQL(
    '''
    ALTER TABLE log DROP COLUMN b;
    CREATE OR REPLACE FUNCTION size() RETURNS int LANGUAGE sql AS 'SELECT 2';
    CREATE OR REPLACE VIEW sizes AS SELECT a * 2 AS a FROM log;
    DROP VIEW others;
    CREATE VIEW others AS SELECT a * 2 AS a, 1 AS more FROM log;
    ''',
    '''
    ALTER TABLE log ADD COLUMN b int;
    CREATE OR REPLACE FUNCTION size() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE OR REPLACE VIEW sizes AS SELECT a * 1 AS a FROM log;
    DROP VIEW others;
    CREATE VIEW others AS SELECT a * 1 AS a FROM log;
    ''',
),
"""


def test_objects_altered_by_reverse_sql__restored(lab: Lab) -> None:
    lab.write_models("class Item(models.Model):\n    pass\n")
    lab.make_migrations()
    lab.write_migration("0002_created", CREATED)
    lab.write_migration("0003_altered", ALTERED)
    migrate("lab")
    run_sql("INSERT INTO log (a) VALUES (7)")
    before = contents()
    lines = rollback("--to", "lab.0002", *GO_ON)
    assert run_sql("SELECT a, size() FROM sizes") == [(7, 1)]
    restore(lines)
    assert run_sql("SELECT a, size() FROM sizes") == [(14, 2)]
    assert contents() == before


# Each pair is the SQL of a migration and the SQL that reverses it.
RENAMED_OR_DROPPED = {
    "ALTER TABLE notes RENAME TO papers": "ALTER TABLE papers RENAME TO notes",
    "ALTER TABLE papers RENAME a TO b": "ALTER TABLE papers RENAME b TO a",
    "ALTER TABLE moved SET SCHEMA archive": "ALTER TABLE archive.moved SET SCHEMA public",
    "ALTER SCHEMA old RENAME TO new": "ALTER SCHEMA new RENAME TO old",
    "ALTER VIEW v RENAME TO w": "ALTER VIEW w RENAME TO v",
    "ALTER SEQUENCE s RENAME TO z": "ALTER SEQUENCE z RENAME TO s",
    "ALTER TYPE mood RENAME TO feeling": "ALTER TYPE feeling RENAME TO mood",
    "ALTER DOMAIN d RENAME TO e": "ALTER DOMAIN e RENAME TO d",
    "DROP COLLATION c": 'CREATE COLLATION c FROM "C"',
    "DROP SCHEMA gone": "CREATE SCHEMA gone",
}
PARTS_ALTERED = {
    "ALTER TABLE k1 ADD CONSTRAINT c CHECK (a <> '')": "ALTER TABLE k1 DROP CONSTRAINT c",
    "CREATE INDEX i ON k2 (a)": "DROP INDEX i",
    "ALTER TABLE k3 ALTER a SET DEFAULT 'z'": "ALTER TABLE k3 ALTER a DROP DEFAULT",
    "ALTER TABLE k4 ALTER a SET NOT NULL": "ALTER TABLE k4 ALTER a DROP NOT NULL",
    "CREATE TRIGGER t BEFORE INSERT ON k5 EXECUTE FUNCTION f()": "DROP TRIGGER t ON k5",
    "CREATE POLICY p ON k6 USING (true)": "DROP POLICY p ON k6",
    "ALTER TABLE k7 ENABLE ROW LEVEL SECURITY": "ALTER TABLE k7 DISABLE ROW LEVEL SECURITY",
    "COMMENT ON COLUMN k8.a IS 'x'": "COMMENT ON COLUMN k8.a IS NULL",
    "GRANT SELECT ON k9 TO PUBLIC": "REVOKE SELECT ON k9 FROM PUBLIC",
    "CREATE STATISTICS st ON id, a FROM k10": "DROP STATISTICS st",
    "CREATE RULE r AS ON DELETE TO k11 DO INSTEAD NOTHING": "DROP RULE r ON k11",
    "ALTER TABLE k12 SET (fillfactor = 70)": "ALTER TABLE k12 RESET (fillfactor)",
    "ALTER TABLE k13 ALTER id ADD GENERATED ALWAYS AS IDENTITY": "ALTER TABLE k13 ALTER id "
    "DROP IDENTITY",
    "ALTER TABLE k14 INHERIT k15": "ALTER TABLE k14 NO INHERIT k15",
    "INSERT INTO k16 VALUES (9, 'before')": "INSERT INTO k16 VALUES (8, 'after')",
    "ALTER SEQUENCE q INCREMENT 5": "ALTER SEQUENCE q INCREMENT 1",
    "ALTER DOMAIN g ADD CHECK (VALUE > 0)": "ALTER DOMAIN g DROP CONSTRAINT g_check",
    "COMMENT ON FUNCTION f IS 'x'": "COMMENT ON FUNCTION f IS NULL",
    "ALTER TABLE k17 SET (toast.autovacuum_enabled = false)": "ALTER TABLE k17 "
    "RESET (toast.autovacuum_enabled)",
    "COMMENT ON CONSTRAINT positive ON k18 IS 'x'": "COMMENT ON CONSTRAINT positive ON k18 IS NULL",
    "COMMENT ON INDEX next IS 'x'": "COMMENT ON INDEX next IS NULL",
    "ALTER INDEX other ALTER 1 SET STATISTICS 9": "ALTER INDEX other ALTER 1 SET STATISTICS -1",
    "ALTER SEQUENCE own OWNED BY k16.id": "ALTER SEQUENCE own OWNED BY NONE",
    "REFRESH MATERIALIZED VIEW mv": "REFRESH MATERIALIZED VIEW mv WITH NO DATA",
    "COMMENT ON CONSTRAINT small ON DOMAIN h IS 'x'": "COMMENT ON CONSTRAINT small ON DOMAIN h "
    "IS NULL",
    "ALTER TABLE k21 ENABLE TRIGGER ALL": "ALTER TABLE k21 DISABLE TRIGGER ALL",
    "ALTER COLLATION l RENAME TO m": "ALTER COLLATION m RENAME TO l",
}
TABLES = """
    CREATE TABLE notes (a text); INSERT INTO notes VALUES ('one'), ('two');
    CREATE TABLE moved (a text); INSERT INTO moved VALUES ('three'); CREATE SCHEMA archive;
    CREATE SCHEMA old; CREATE TABLE old.t (a int); INSERT INTO old.t VALUES (4);
    CREATE VIEW v AS SELECT 1 AS one; CREATE SEQUENCE s; SELECT nextval('s');
    CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN d AS int; CREATE COLLATION c FROM "C";
    CREATE SCHEMA gone; CREATE SEQUENCE q; CREATE DOMAIN g AS int;
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    DO $$ BEGIN FOR n IN 1..21 LOOP
        EXECUTE format('CREATE TABLE k%s (id int NOT NULL, a text)', n);
        EXECUTE format('INSERT INTO k%s VALUES (%s, ''a'')', n, n);
    END LOOP; END $$;
    ALTER TABLE k18 ADD CONSTRAINT positive CHECK (id > 0); CREATE SEQUENCE own;
    CREATE INDEX next ON k19 ((id + 1)); CREATE INDEX other ON k20 ((id + 1));
    CREATE MATERIALIZED VIEW mv AS SELECT 1 AS one; CREATE COLLATION l FROM "C";
    ALTER TABLE k21 ADD UNIQUE (id), ADD CONSTRAINT self FOREIGN KEY (id) REFERENCES k21 (id);
    CREATE DOMAIN h AS int CONSTRAINT small CHECK (VALUE < 9);
"""


def test_objects_renamed_or_altered_by_reverse_sql__restored(lab: Lab) -> None:
    lab.write_models("class Item(models.Model):\n    pass\n")
    lab.make_migrations()
    changes = RENAMED_OR_DROPPED | PARTS_ALTERED
    backwards = ";".join(reversed(changes.values()))
    lab.write_migration("0002_created", f"migrations.RunSQL({TABLES!r}, ''),")
    lab.write_migration("0003_altered", f"migrations.RunSQL({';'.join(changes)!r}, {backwards!r}),")
    migrate("lab")
    before = dump()
    lines = rollback("--to", "lab.0002", *GO_ON)
    assert run_sql("SELECT a FROM notes UNION SELECT a FROM moved ORDER BY 1") == [
        ("one",),
        ("three",),
        ("two",),
    ]
    restore(lines)
    assert dump() == before
    assert run_sql(DISABLED_TRIGGERS) == []  # pg_dump leaves out internal triggers


DISABLED_TRIGGERS = "SELECT tgname FROM pg_trigger WHERE tgisinternal AND tgenabled <> 'O'"
RENAMED_TABLE = """
migrations.RenameModel("Item", "Thing"), migrations.RenameField("Thing", "n", "amount"),
"""
DEPENDENT = """
    CREATE SCHEMA reports; CREATE VIEW reports.items AS SELECT id, n FROM lab_item;
    CREATE TABLE log (item bigint REFERENCES lab_item); INSERT INTO log VALUES (1);
"""


def test_objects_that_refer_to_a_renamed_table_and_column__restored(lab: Lab) -> None:
    lab.write_models("class Item(models.Model):\n    n = models.IntegerField()\n")
    lab.migrate()
    run_sql("INSERT INTO lab_item (n) VALUES (7)")
    lab.write_migration("0002_created", f"migrations.RunSQL({DEPENDENT!r}, ''),")
    migrate("lab")
    lab.write_migration("0003_renamed", RENAMED_TABLE)
    lab.write_models("class Thing(models.Model):\n    amount = models.IntegerField()\n")
    migrate("lab")
    before = dump()
    lines = rollback("--to", "lab.0002", *GO_ON)
    restore(lines)
    assert dump() == before
