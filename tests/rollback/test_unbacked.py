"""What the code of a migration changes outside of tables, which no backup can bring back."""

from tests.rollback.helpers import GO_ON, destroyed, rollback
from tests.support.lab import Lab
from tests.support.migrations import migrate

BACKWARDS = """
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
    COMMENT ON SCHEMA public IS '100%';
    DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET work_mem = 128', current_database());
    END $$;
    ALTER PUBLICATION news ADD TABLE lab_item;
"""


def test_change_outside_of_tables__named_as_one_that_no_backup_holds(lab: Lab) -> None:
    lab.write_models("class Item(models.Model): ...")
    lab.migrate()
    lab.write_migration("0002_news", 'migrations.RunSQL("CREATE PUBLICATION news", ""),')
    lab.write_migration("0003_x", f'migrations.RunSQL("SELECT 1", {BACKWARDS!r}),')
    migrate("lab")
    lines = rollback("--to", "lab.0002", *GO_ON, "--no-backup")
    assert [line for line in lines if line.startswith("This changes ")] == [
        "This changes the default privileges, which no backup holds.",
        "This changes the owner, privileges or comment of schema public, which no backup holds.",
        "This changes the owner, privileges, comment or settings of the database, which no backup "
        "holds.",
        "This changes publication news, which no backup holds.",
    ]


def test_large_object_of_a_number_that_its_author_chose__named(lab: Lab) -> None:
    lab.write_migration(
        "0001_x",
        """
        migrations.RunSQL("SELECT lo_create(4242)", "SELECT lo_unlink(4242)"),
    """,
    )
    migrate("lab")
    assert destroyed(rollback("lab", *GO_ON, "--no-backup")) == [
        "1 large object: 4242",
        "whatever else the code of its migrations changes when it runs backwards",
    ]
