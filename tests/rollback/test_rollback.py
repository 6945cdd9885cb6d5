"""Rollbacks of a database with rows in every table, and the restoration of their backups."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.rollback.helpers import GO_ON, contents, names, refusal, rollback, run_command
from tests.support.lab import Lab
from tests.support.migrations import extra_migration, migrate, new_default_database, run_sql
from tests.support.verify_schema import IDENTICAL, verify_schema

PLANS: dict[str, tuple[str, ...]] = {
    "everything": (),
    "payments": ("payments",),
}


@dataclass(frozen=True)
class Run:
    """A rollback and the restoration of its backup, with the database before and after each."""

    plan: str
    before: dict[str, Any]
    output: list[str]
    after: dict[str, Any]
    names_after: set[str]
    again: list[str]
    restored: dict[str, Any]
    verdict: tuple[int, str]


@pytest.fixture(scope="module", params=PLANS)
def run(
    request: pytest.FixtureRequest, filled: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Run]:
    directory = tmp_path_factory.mktemp("backups")
    with (
        request.getfixturevalue("django_db_blocker").unblock(),
        new_default_database(filled),
    ):
        before = contents()
        output = rollback(*PLANS[request.param], *GO_ON, "--backup-dir", directory)
        again = rollback(*PLANS[request.param])
        after, left = contents(), names()
        connection.close()
        run_command(output[-1])
        restored, verdict = contents(), verify_schema().verdict
        yield Run(request.param, before, output, after, left, again, restored, verdict)


def test_rollback_restored_with_the_command_that_it_prints__as_before(run: Run) -> None:
    """Only this test rolls back everything, because that takes long."""
    assert (run.names_after == set()) == (run.plan == "everything")
    assert run.after != run.before
    assert run.restored == run.before
    assert run.verdict == IDENTICAL


@pytest.mark.parametrize("run", ["payments"], indirect=True)
def test_rollback_of_an_app__leaves_all_other_tables_and_types(run: Run) -> None:
    assert tables_and_types(run.before) - tables_and_types(run.after) == {
        "table payments",
        "table refunds",
        "table subscriptions",
        "enum type payment_status",
        "enum type refund_status",
        "enum type subscription_status",
    }


SHOWN = """\
PostgreSQL {version}, database {database}, schema public

Rolling back payments undoes 2 migrations, in this order:

enrollments.0002_initial
  Create index enrollments_payment_idx on field(s) payment of
    model enrollment
  Add field payment to enrollment                                               2 values    32 bytes
payments.0001_initial
  Create model Subscription                                                       5 rows       96 kB
  Create model Refund                                                             4 rows       80 kB
  Create model Payment                                                           11 rows      112 kB
  Create enum type refund_status
  Create enum type subscription_status
  Create enum type payment_status

This destroys
  20 rows in 3 tables, 288 kB with indexes
  2 values in column enrollments.payment_id, 32 bytes
  3 tables: payments, refunds, subscriptions
  3 enum types: payment_status, refund_status, subscription_status
  12 rows of auth_group_permissions about the models that are removed
  12 rows of auth_permission about the models that are removed
  3 rows of django_content_type about the models that are removed"""


@pytest.mark.parametrize("run", ["payments"], indirect=True)
def test_rollback_of_an_app__shows_its_plan_before_anything_else(run: Run) -> None:
    version = run_sql("SELECT split_part(current_setting('server_version'), ' ', 1)")[0][0]
    plan = SHOWN.format(version=version, database=connection.settings_dict["NAME"]).splitlines()
    assert run.output[: len(plan)] == plan


def tables_and_types(state: dict[str, Any]) -> set[str]:
    return {key for key in state["catalog"] if key.startswith(("table ", "enum type "))}


@pytest.mark.parametrize("run", ["payments"], indirect=True)
def test_migrate_to_zero__leaves_what_rollback_leaves(run: Run, filled_database: str) -> None:
    migrate("payments", "zero")
    assert contents() == run.after


@pytest.mark.parametrize("run", ["payments"], indirect=True)
def test_dry_run__changes_nothing_and_its_script_leaves_what_rollback_leaves(
    run: Run, filled_database: str
) -> None:
    script = "\n".join(rollback("payments", "--dry-run"))
    assert contents() == run.before
    run_sql(script)
    assert contents() == run.after


def test_rollback_with_verbosity_0__silent(accounts_copy: str, backups: Path) -> None:
    assert rollback("--to", "users", "zero", *GO_ON, "--no-backup", "--verbosity", 0) == []
    assert run_sql("SELECT name FROM django_migrations WHERE app = 'users'") == []
    assert not backups.exists()


@pytest.mark.parametrize("run", ["payments"], indirect=True)
def test_rollback_of_an_app__prints_the_removed_objects_and_cannot_be_repeated(
    run: Run,
) -> None:
    [last] = [n for n, line in enumerate(run.output) if line.startswith("Rolled back")]
    assert run.output[last - 3 : last + 1] == [
        "  Unapplying enrollments.0002_initial... OK",
        "  Unapplying payments.0001_initial... OK",
        "",
        "Rolled back payments. Removed: 3 tables, 1 column, 3 enum types, the content types "
        "and permissions of 3 models and 2 migration records, with 20 rows.",
    ]
    assert run.again == ["Nothing to roll back: no migration of payments is applied."]


def test_rollback_of_a_shared_database__keeps_objects_of_others_and_migrates_again(
    accounts_copy: str,
) -> None:
    run_sql("CREATE TABLE legacy (id int); CREATE TYPE mood AS ENUM ('happy')")
    before = contents()["catalog"]
    run_sql("INSERT INTO django_migrations VALUES (99, 'billing', '0001', now())")
    lines = rollback(*GO_ON, "--no-backup")
    assert "Not unapplied, because the code does not contain them: billing.0001." in lines
    assert run_sql("SELECT app, name FROM django_migrations") == [("billing", "0001")]
    assert names() - names_of_the_ledger() == {"legacy", "_legacy", "mood", "_mood"}
    migrate()
    assert contents()["catalog"] == before


def names_of_the_ledger() -> set[str]:
    table = "django_migrations"
    return {table, f"_{table}", f"{table}_pkey", f"{table}_id_seq"}


def test_rollback_to_a_time__keeps_the_objects_of_that_time(accounts_copy: str) -> None:
    before = contents()
    run_sql("UPDATE django_migrations SET applied = '2026-11-20'")
    create = 'operations = [CreateEnum("mood", ["happy"])]'
    with extra_migration("users", create):
        migrate("users")
        lines = rollback("--to", "2026-11-21", "--noinput", "--no-backup")
    assert contents()["catalog"] == before["catalog"]
    assert lines[-1] == (
        "Rolled back the migrations applied after 2026-11-21 00:00:00 UTC. Removed: 1 enum type "
        "and 1 migration record."
    )


def test_rollback_of_a_deleted_model__its_content_type_exists_again(accounts_copy: str) -> None:
    delete = 'operations = [migrations.DeleteModel("UserProfile")]'
    with extra_migration("users", delete):
        migrate("users")
        rollback("--to", "users.0001", "--noinput", "--no-backup")
    assert run_sql(
        "SELECT model FROM django_content_type WHERE app_label = 'users' ORDER BY 1"
    ) == [
        ("user",),
        ("userprofile",),
    ]


# Changed names

NOTE = """
class Note(models.Model):
    title = models.TextField()
    class Meta:
        db_table = "notes"
"""
RENAMED = (
    "migrations.RenameModel('Note', 'Notice'), migrations.AlterModelTable('Notice', 'notices'),"
    "migrations.RenameField('Notice', 'title', 'headline'),"
)
ADDED = "migrations.AddField('Note', 'motto', models.TextField(default='Go!')),"


def migrate_twice(lab: Lab, second: str) -> None:
    """Apply a migration, insert 5 rows, and apply the migration `second`."""
    lab.write_models(NOTE)
    lab.migrate()
    run_sql("INSERT INTO notes (title) SELECT 'x' FROM generate_series(1, 5)")
    lab.write_migration("0002_x", second)
    migrate("lab")


def test_rollback_of_a_renamed_model__counted_and_its_content_type_removed(lab: Lab) -> None:
    migrate_twice(lab, RENAMED)
    lines = rollback("lab", *GO_ON, "--no-backup")
    [created] = [line for line in lines if "Create model Note" in line]
    assert run_sql("SELECT id FROM django_content_type WHERE app_label = 'lab'") == []
    assert created.split()[:5] == ["Create", "model", "Note", "5", "rows"]


def test_rollback_of_a_renamed_model__its_content_type_is_renamed(lab: Lab) -> None:
    migrate_twice(lab, RENAMED)
    of_the_lab = "SELECT id, model FROM django_content_type WHERE app_label = 'lab'"
    [(number, name)] = run_sql(of_the_lab)
    rollback("--to", "lab.0001", "--noinput", "--no-backup")
    assert (name, run_sql(of_the_lab)) == ("notice", [(number, "note")])


def test_rollback_of_an_added_column__counts_its_values(lab: Lab) -> None:
    migrate_twice(lab, ADDED)
    lines = rollback("--to", "lab.0001", *GO_ON)
    [line] = [line for line in lines if "notes.motto" in line]
    assert line.startswith("  5 values in column notes.motto, ")


# Migrations that cannot be unapplied


def test_rollback_of_an_irreversible_migration__refused(accounts_copy: str) -> None:
    with extra_migration("users", 'operations = [migrations.RunSQL("SELECT 1")]'):
        migrate("users")
        assert refusal("users", *GO_ON) == (
            "Cannot unapply users.0099_extra: its operation 'Raw SQL operation' is irreversible. "
            "Nothing was changed. Give the operation a reverse, or restore a backup."
        )


def test_rollback_of_a_migration_that_is_not_atomic__refused(accounts_copy: str) -> None:
    with extra_migration("users", "atomic = False; operations = []"):
        migrate("users")
        assert refusal("--to", "users.0001", *GO_ON) == (
            "Cannot unapply users.0099_extra: it is not atomic, and a rollback is one "
            "transaction. Nothing was changed. Unapply it by itself with manage.py migrate."
        )


def test_rollback_of_a_faked_migration__refused(lab: Lab) -> None:
    lab.write_models(NOTE)
    lab.make_migrations()
    migrate("lab", "--fake")
    assert refusal("lab", *GO_ON) == (
        "Cannot unapply lab.0001_initial: undoing 'Create model Note' fails: table "
        '"notes" does not exist. Nothing was changed. Create it first; manage.py verify_schema '
        "shows what else differs."
    )


# Objects that are left

LEAVES_A_TYPE = """operations = [
        type("Leaves", (CreateEnum,), {"database_backwards": lambda *args: None})(
            "mood", ["happy"])]"""


def test_rollback_that_would_leave_an_enum_type__refused(accounts_copy: str) -> None:
    with extra_migration("users", LEAVES_A_TYPE):
        migrate("users")
        assert refusal("--to", "users.0001", *GO_ON) == (
            "The rollback of users to 0001_initial would leave enum type mood. Nothing was "
            "changed. Correct the reverse operation of the migration, or drop each type by hand "
            "first."
        )


def test_migrations_squashed_since_they_were_applied__recorded_as_by_migrate(lab: Lab) -> None:
    for name in ("0001_a", "0002_b", "0003_c"):
        lab.write_migration(name, "migrations.RunSQL('SELECT 1', 'SELECT 1'),")
    migrate("lab")
    lab.write_migration("0001_squashed_0002_b", "", dependencies=" ")
    path = lab.package / "migrations" / "0001_squashed_0002_b.py"
    path.write_text(path.read_text() + '    replaces = [("lab", "0001_a"), ("lab", "0002_b")]\n')
    lab.reload()
    rollback("--to", "lab.0001_squashed", *GO_ON, "--no-backup")
    recorded = "SELECT name FROM django_migrations WHERE app = 'lab' ORDER BY 1"
    assert run_sql(recorded) == [("0001_a",), ("0001_squashed_0002_b",), ("0002_b",)]
