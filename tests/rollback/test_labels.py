"""Migrations unapplied while rows use an enum label that they added."""

from collections.abc import Callable, Iterator

import pytest
from django.core.management import CommandError

from tests.rollback.helpers import GO_ON, rollback
from tests.support.migrations import extra_migration, migrate, run_sql

ADD_AND_RENAME = (
    'operations = [AddEnumValue("payment_status", "disputed"),'
    ' RenameEnumValue("payment_status", "pending", "queued")]'
)


@pytest.fixture
def disputed(database: str) -> Iterator[None]:
    """Add a label and use it, and rename the first one."""
    with extra_migration("payments", ADD_AND_RENAME):
        migrate("payments")
        run_sql("UPDATE payments SET status = 'disputed'")
        yield


def test_label_of_a_type_that_goes__not_in_the_way(disputed: None) -> None:
    assert "Rolled back payments." in "\n".join(rollback("payments", *GO_ON))


def test_label_of_a_type_that_goes_to_zero__not_in_the_way(disputed: None) -> None:
    migrate("payments", "zero")
    assert run_sql("SELECT to_regtype('payment_status')") == [(None,)]


def test_script_of_dry_run_with_label_of_a_type_that_goes__runs(disputed: None) -> None:
    run_sql("\n".join(rollback("payments", "--dry-run")))
    assert run_sql("SELECT to_regtype('payment_status')") == [(None,)]


@pytest.mark.parametrize(
    "go_back",
    [
        lambda: migrate("payments", "0001"),
        lambda: rollback("--to", "payments.0001", *GO_ON),
    ],
    ids=["migrate", "rollback"],
)
def test_label_of_a_type_that_stays__refused_with_an_update_that_works(
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
