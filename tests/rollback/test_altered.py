"""Objects that stay, but not as they were: a backup brings them back as well."""

from tests.rollback.helpers import GO_ON, contents, rollback
from tests.support.lab import Lab
from tests.support.migrations import run_sql

MADE = """
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


def test_objects_that_reverse_sql_alters__restored(lab: Lab) -> None:
    lab.write_models("class Item(models.Model):\n    pass\n")
    lab.migrate()
    lab.write_migration("0002_made", MADE)
    lab.write_migration("0003_altered", ALTERED)
    lab.migrate()
    run_sql("INSERT INTO log (a) VALUES (7)")
    before = contents()
    lines = rollback("--to", "lab.0002", *GO_ON)
    assert run_sql("SELECT a, size() FROM sizes") == [(7, 1)]
    [path] = [line.split()[1] for line in lines if line.startswith("Backup: ")]
    rollback("--restore", path, *GO_ON)
    assert run_sql("SELECT a, size() FROM sizes") == [(14, 2)]
    assert contents() == before
