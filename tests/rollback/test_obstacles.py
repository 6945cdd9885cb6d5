"""Objects without a migration that depend on removed objects: named before anything runs."""

from collections.abc import Iterator

import pytest
from django.core.management import CommandError
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from config.rollback.rehearsal import rehearse
from config.rollback.rollback_plan import Rollback, read_rollback
from tests.rollback.helpers import GO_ON, refusal, rollback
from tests.support.migrations import new_default_database, run_sql


@pytest.fixture(scope="module")
def planned(filled: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Rollback]:
    """Return a plan to roll back payments. No test carries out the plan."""
    with django_db_blocker.unblock(), new_default_database(filled):
        yield read_rollback(connection, ["payments"])


def refusal_after(planned: Rollback, statements: str) -> str:
    """Return the refusal of the rollback after `statements`; undo the statements."""
    with transaction.atomic():
        run_sql(statements)
        with pytest.raises(CommandError) as error:
            rehearse(connection, planned, print)
        transaction.set_rollback(True)
    return str(error.value)


ELSEWHERE = "CREATE SCHEMA reporting; "


def refusal_of(*dependents: str) -> str:
    depend = "object that depends" if len(dependents) == 1 else "objects that depend"
    return (
        f"Cannot roll back payments: its migrations do not drop {len(dependents)} {depend} on it: "
        f"{', '.join(dependents)}. Nothing was changed. Drop the dependent objects, or ask their "
        "owner to, and run rollback again."
    )


@pytest.mark.parametrize(
    ("statements", "dependents"),
    [
        (
            "CREATE VIEW amounts AS SELECT amount FROM payments",
            ["view amounts (needs table payments)"],
        ),
        (
            ELSEWHERE + "CREATE MATERIALIZED VIEW reporting.amounts AS SELECT amount FROM payments;"
            "CREATE INDEX ON reporting.amounts (amount)",
            ["materialized view reporting.amounts (needs table payments)"],
        ),
        (
            "CREATE VIEW a AS SELECT amount FROM payments; CREATE VIEW b AS TABLE a;"
            "CREATE VIEW c AS SELECT b.amount FROM b, refunds",
            [
                "view a (needs table payments)",
                "view b (needs table payments)",
                "view c (needs table payments, table refunds)",
            ],
        ),
        (
            ELSEWHERE + "CREATE TABLE reporting.audits (payment uuid REFERENCES payments)",
            [
                "constraint audits_payment_fkey on table reporting.audits (needs table payments)",
            ],
        ),
        (
            "CREATE VIEW paid AS SELECT payment_id FROM enrollments",
            ["view paid (needs column payment_id of table enrollments)"],
        ),
        (
            "CREATE TABLE audits (status payment_status)",
            ["column status of table audits (needs type payment_status)"],
        ),
        (
            "CREATE TABLE audits (statuses payment_status[])",
            ["column statuses of table audits (needs type payment_status)"],
        ),
        (
            "CREATE FUNCTION total(payments) RETURNS numeric LANGUAGE sql AS 'SELECT $1.amount'",
            ["function total(payments) (needs table payments)"],
        ),
        (
            "CREATE DOMAIN final AS payment_status",
            ["type final (needs type payment_status)"],
        ),
        (
            "CREATE TABLE archive () INHERITS (payments)",
            ["table archive (needs table payments)"],
        ),
        (
            "CREATE POLICY paying ON users USING (EXISTS (SELECT FROM payments))",
            ["policy paying on table users (needs table payments)"],
        ),
        (
            "CREATE PUBLICATION feed FOR TABLE payments",
            ["publication of table payments in publication feed (needs table payments)"],
        ),
    ],
    ids=[
        "view",
        "materialized view",
        "views on views",
        "foreign key",
        "view on a column",
        "column of an enum type",
        "column of an array",
        "function",
        "domain",
        "inheritance",
        "policy",
        "publication",
    ],
)
def test_object_not_created_by_migrations__named(
    planned: Rollback, statements: str, dependents: list[str]
) -> None:
    assert refusal_after(planned, statements) == refusal_of(*dependents)


def test_migration_applied_before_the_rehearsal__refused(planned: Rollback) -> None:
    record = "INSERT INTO django_migrations VALUES (99, 'billing', '0001', now())"
    assert refusal_after(planned, record) == (
        "Another process has migrated since the plan was made. Nothing was changed. Run rollback "
        "again, and read the new plan."
    )


REMOVED_OR_UNAFFECTED = [
    "CREATE INDEX ON payments (amount, currency)",
    "CREATE STATISTICS amounts ON amount, currency FROM payments",
    "CREATE POLICY paying ON payments USING (amount > 0)",
    "ALTER TABLE payments ADD CHECK (amount < 1000000)",
    "ALTER TABLE refunds ADD COLUMN twin payment_status DEFAULT 'pending'",
    "CREATE RULE quiet AS ON DELETE TO payments DO INSTEAD NOTHING",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE TRIGGER t BEFORE UPDATE ON payments FOR EACH ROW EXECUTE FUNCTION f()",
    "CREATE VIEW names AS SELECT email FROM users",
    "CREATE VIEW students AS SELECT student_id FROM enrollments",
    "CREATE PUBLICATION feed FOR ALL TABLES",
]


def test_objects_that_are_removed_or_unaffected__rolled_back(filled_database: str) -> None:
    for statement in REMOVED_OR_UNAFFECTED:
        run_sql(statement)
    lines = rollback("payments", *GO_ON, "--no-backup")
    assert lines[-1].startswith("Rolled back payments. ")


def test_object_not_created_by_migrations__also_named_by_dry_run(filled_database: str) -> None:
    run_sql("CREATE VIEW amounts AS SELECT amount FROM payments")
    assert refusal("payments", "--dry-run") == refusal_of("view amounts (needs table payments)")
