"""Changes outside of tables by the code of a migration: no backup can restore them."""

from tests.rollback.helpers import GO_ON, destroyed, refusal, rollback
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql

BACKWARDS = """
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
    COMMENT ON SCHEMA public IS '100%';
    DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET work_mem = 128', current_database());
    END $$;
    ALTER PUBLICATION news ADD TABLE lab_item;
    ALTER TEXT SEARCH DICTIONARY words (StopWords = english);
    COMMENT ON COLLATION plain IS 'x';
    SELECT lo_put(4242, 0, 'x');
"""
CREATED = """
    CREATE PUBLICATION news;
    CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = simple);
    CREATE COLLATION plain FROM "C";
    SELECT lo_create(4242);
"""


def test_change_outside_of_tables__named_as_one_that_no_backup_holds(lab: Lab) -> None:
    lab.write_models("class Item(models.Model): ...")
    lab.make_migrations()
    lab.write_migration("0002_created", f'migrations.RunSQL({CREATED!r}, ""),')
    lab.write_migration("0003_x", f'migrations.RunSQL("SELECT 1", {BACKWARDS!r}),')
    migrate("lab")
    lines = rollback("--to", "lab.0002", *GO_ON, "--no-backup")
    assert sorted(line for line in lines if line.startswith("This changes ")) == [
        "This changes publication news, which no backup contains.",
        "This changes text search dictionary public.words, which no backup contains.",
        "This changes the contents of large objects, which no backup contains.",
        "This changes the default privileges, which no backup contains.",
        "This changes the owner or comment of collation plain, which no backup contains.",
        "This changes the owner, privileges or comment of schema public, which no backup contains.",
        "This changes the owner, privileges, comment or settings of the database, which no backup "
        "contains.",
    ]


def test_large_object_with_a_chosen_number__named(lab: Lab) -> None:
    lab.write_migration(
        "0001_x",
        """
        migrations.RunSQL("SELECT lo_create(4242)", "SELECT lo_unlink(4242)"),
    """,
    )
    migrate("lab")
    assert destroyed(rollback("lab", *GO_ON, "--no-backup")) == [
        "1 large object: 4242",
        "other data that the code of the migrations changes when they are unapplied",
    ]


DROP_ROLE = """
    DO $$ BEGIN
        EXECUTE format('DROP ROLE %I', current_database() || ' 1');
        EXECUTE format('GRANT pg_monitor TO %1$I; ALTER ROLE %1$I SET work_mem = 128',
                       current_database() || ' 2');
    END $$;
"""
MAKE_ROLES = """
    DO $$ BEGIN
        EXECUTE format('CREATE ROLE %I; CREATE ROLE %I', current_database() || ' 1',
                       current_database() || ' 2');
    END $$;
"""
DROP_OTHER_ROLE = "DO $$ BEGIN EXECUTE format('DROP ROLE %I', current_database() || ' 2'); END $$"


def test_roles__named_and_no_backup_holds_them(lab: Lab) -> None:
    lab.write_models("class Item(models.Model): ...")
    lab.make_migrations()
    lab.write_migration("0002_x", f"migrations.RunSQL({MAKE_ROLES!r}, {DROP_ROLE!r}),")
    migrate("lab")
    [(database,)] = run_sql("SELECT current_database()")
    assert refusal("--to", "lab.0001", *GO_ON) == (
        f"No backup can contain role {database} 1. Nothing was changed. Fix this, or make your own "
        "backup and pass --no-backup."
    )
    lines = rollback("--to", "lab.0001", *GO_ON, "--no-backup")
    run_sql(DROP_OTHER_ROLE)
    assert f'  1 role: "{database} 1"' in lines
    assert [line for line in lines if line.startswith("This changes ")] == [
        "This changes the settings of roles, which no backup contains.",
        "This changes roles or their memberships, which no backup contains.",
    ]
