"""Migrations that are unapplied while rows use a label that the migrations added."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.rollback.helpers import GO_ON, rollback, rollback_until, session
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql

PAYMENT = """
class PaymentStatus(models.TextChoices):
    PENDING = "pending"

class Payment(models.Model):
    status = EnumField(PaymentStatus)
    class Meta:
        db_table = "payments"
"""
ADD_AND_RENAME = (
    'AddEnumValue("payment_status", "disputed"),'
    'RenameEnumValue("payment_status", "pending", "queued"),'
)


@pytest.fixture
def disputed(lab: Lab) -> None:
    """Apply a migration that adds a label and renames another, and use the added label."""
    lab.write_models(PAYMENT)
    lab.make_migrations()
    lab.write_migration("0002_labels", ADD_AND_RENAME)
    migrate("lab")
    run_sql("INSERT INTO payments (status) SELECT 'disputed' FROM generate_series(1, 11)")


def test_rollback_of_the_app__ignores_rows_that_use_the_label(disputed: None) -> None:
    assert "Rolled back lab." in "\n".join(rollback("lab", *GO_ON))


def test_label_used_after_the_plan__refused_before_the_backup(
    disputed: None, backups: Path
) -> None:
    run_sql("DELETE FROM payments")

    def use() -> None:
        with session() as other:
            other.execute("INSERT INTO payments (status) VALUES ('disputed')")

    with pytest.raises(CommandError, match=r"1 row uses 'disputed'"):
        rollback_until("This destroys", use, "--to", "lab.0001", *GO_ON)
    assert not backups.exists()


def test_migrate_to_zero__ignores_rows_that_use_the_label(disputed: None) -> None:
    migrate("lab", "zero")
    assert run_sql("SELECT to_regtype('payment_status')") == [(None,)]


def test_dry_run_script_of_the_app__runs_while_rows_use_the_label(disputed: None) -> None:
    run_sql("\n".join(rollback("lab", "--dry-run")))
    assert run_sql("SELECT to_regtype('payment_status')") == [(None,)]


GO_BACK = pytest.mark.parametrize(
    "go_back",
    [
        lambda: migrate("lab", "0001"),
        lambda: rollback("--to", "lab.0001", *GO_ON),
    ],
    ids=["migrate", "rollback"],
)


@GO_BACK
def test_label_of_a_type_that_was_made_again_later__ignores_rows_that_use_it(
    disputed: None, lab: Lab, go_back: Callable[[], object]
) -> None:
    labels = "labels=['queued', 'disputed']"
    field = f"EnumField(type_name='payment_status', {labels}, primary_key=True)"
    lab.write_migration(
        "0003_again",
        f"migrations.DeleteModel('Payment'), DropEnum('payment_status', {labels}),"
        f"CreateEnum('payment_status', {labels}),"
        f"migrations.CreateModel('Payment', [('status', {field})]),",
    )
    migrate("lab")
    run_sql("INSERT INTO lab_payment (status) VALUES ('disputed')")
    go_back()


@GO_BACK
def test_removal_of_a_label_that_rows_use__refused_with_an_update_that_works(
    disputed: None, go_back: Callable[[], object]
) -> None:
    update = "UPDATE payments SET status = 'queued' WHERE status = 'disputed';"
    with pytest.raises(CommandError) as refused:
        go_back()
    assert str(refused.value) == (
        "Cannot remove label 'disputed' from enum type 'payment_status': 11 rows use 'disputed' "
        "(payments.status: 11). This migration changed nothing. Give the rows another label first, "
        f"for example: {update}"
    )
    run_sql(update)
    go_back()
