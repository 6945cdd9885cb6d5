"""The state of the database after an interruption, also one during a commit."""

import pytest
from django.db import connection
from django.db.migrations import Migration

from config.migrating.progress import Progress


def migration(name: str, *, atomic: bool = True) -> Migration:
    cls: type[Migration] = type("Migration", (Migration,), {"atomic": atomic})
    return cls(name, "users")


APPLIED, NOT_APPLIED = migration("0001_initial"), migration("0099_extra")
AGAIN = "Run migrate again to continue."


@pytest.mark.parametrize(
    ("progress", "standing"),
    [
        (Progress(), f"Nothing was changed. {AGAIN}"),
        (Progress(has_changed=True), f"What was shown as OK is done. {AGAIN}"),
        (
            Progress(migration=NOT_APPLIED),
            f"Nothing of users.0099_extra is applied. {AGAIN}",
        ),
        (Progress(migration=APPLIED), f"users.0001_initial is applied. {AGAIN}"),
        (
            Progress("rollback", unapplies=[("users", "0001_initial")]),
            "Nothing was changed. Run rollback again to continue.",
        ),
        (
            Progress(migration=APPLIED, unapplies=[("users", "0001_initial")]),
            "Nothing was changed. Run the same command again to continue.",
        ),
        (Progress(unapplies=[("users", "0099_extra")]), "The rollback is done."),
        (
            Progress(migration=migration("0002", atomic=False)),
            f"users.0002 is not atomic: a part of it may have been done. {AGAIN}",
        ),
    ],
)
def test_progress_after_an_interruption__is_what_the_database_says(
    database: str, progress: Progress, standing: str
) -> None:
    assert progress.after_interruption(connection) == standing


def test_progress_without_a_database__does_not_guess(database: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = "nowhere"
    assert Progress(migration=APPLIED).after_interruption(connection) == (
        f"It is unknown whether users.0001_initial was committed. {AGAIN}"
    )


def test_rollback_without_a_database__says_that_a_backup_can_be_restored(database: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = "nowhere"
    progress = Progress("rollback", unapplies=[("users", "0001_initial")])
    assert progress.after_interruption(connection) == (
        "It is unknown whether rollback was committed. If it was, a backup can be restored "
        "with rollback --restore. Run rollback again to continue."
    )
