"""The state of the database that an interrupted command reports."""

from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.db.migrations import Migration

from config.migrating.progress import Progress
from config.postgres.backend import transactions
from config.rollback.restoration import RestorationProgress
from tests.support.migrations import run_sql


def migration(*, atomic: bool = True) -> Migration:
    cls: type[Migration] = type("Migration", (Migration,), {"atomic": atomic})
    return cls("0001_initial", "users")


AGAIN = "Run migrate again to continue."


def new_transaction(*, is_committed: bool) -> str:
    """Return the id of a transaction that has been committed or rolled back."""
    with transaction.atomic():
        [(transaction_id,)] = run_sql("SELECT pg_current_xact_id()::text")
        transaction.set_rollback(not is_committed)
    return str(transaction_id)


@pytest.mark.parametrize(
    ("progress", "standing"),
    [
        (Progress(), f"Nothing was changed. {AGAIN}"),
        (Progress(has_changed=True), f"Everything shown as OK is done. {AGAIN}"),
        (
            Progress(migration=migration(atomic=False)),
            f"users.0001_initial is not atomic: a part of it may have been done. {AGAIN}",
        ),
    ],
)
def test_progress_after_an_interruption_between_transactions__is_known(
    few_apps_database: str, progress: Progress, standing: str
) -> None:
    assert progress.after_interruption(connection) == standing


@pytest.mark.parametrize(
    ("progress", "if_committed", "otherwise"),
    [
        (
            Progress(migration=migration()),
            f"users.0001_initial is applied. {AGAIN}",
            f"Nothing of users.0001_initial is applied. {AGAIN}",
        ),
        (
            Progress("rollback", unapplies=True),
            "The rollback is done.",
            "Nothing was changed. Run rollback again to continue.",
        ),
        (
            Progress(migration=migration(), unapplies=True),
            "The rollback is done.",
            "Nothing was changed. Run the same command again to continue.",
        ),
        (
            RestorationProgress(),
            "The restoration is done.",
            "Nothing was changed. Run rollback --restore again to continue.",
        ),
    ],
)
def test_progress_after_an_interruption_of_a_transaction__is_read_from_the_database(
    few_apps_database: str, progress: Progress, if_committed: str, otherwise: str
) -> None:
    for is_committed, standing in ((True, if_committed), (False, otherwise)):
        interrupted = replace(progress, transaction=new_transaction(is_committed=is_committed))
        assert interrupted.after_interruption(connection) == standing


@pytest.mark.parametrize(
    ("progress", "standing"),
    [
        (
            Progress(migration=migration(), transaction="9"),
            f"It is unknown whether users.0001_initial was committed. {AGAIN}",
        ),
        (
            Progress("rollback", unapplies=True, transaction="9"),
            "It is unknown whether rollback was committed. If it was, a backup can be restored "
            "with rollback --restore. Run rollback again to continue.",
        ),
        (
            RestorationProgress(transaction="9"),
            "It is unknown whether the restoration was committed. Run rollback --restore again to "
            "continue.",
        ),
    ],
)
def test_progress_without_a_database__does_not_guess(
    few_apps_database: str, monkeypatch: pytest.MonkeyPatch, progress: Progress, standing: str
) -> None:
    monkeypatch.setattr(transactions, "PATIENCE", 0)
    connection.close()
    connection.settings_dict["NAME"] = "nowhere"
    assert progress.after_interruption(connection) == standing


def test_progress_within_a_transaction_of_the_caller__leaves_its_connection_open(
    few_apps_database: str,
) -> None:
    with transaction.atomic():
        run_sql("CREATE TABLE extra ()")
        assert Progress(transaction="9").ask_standing(connection) == "Nothing was changed."
        assert run_sql("SELECT to_regclass('extra') IS NOT NULL") == [(True,)]
