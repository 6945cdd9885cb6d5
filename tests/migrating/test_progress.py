"""What is said of a run of migrate that was interrupted, perhaps while the server committed."""

import pytest
from django.db import connection
from django.db.migrations import Migration

from config.migrating.progress import Progress


def migration(name: str, *, atomic: bool = True) -> Migration:
    cls: type[Migration] = type("Migration", (Migration,), {"atomic": atomic})
    return cls(name, "users")


APPLIED, NOT_APPLIED = migration("0001_initial"), migration("0099_extra")


@pytest.mark.parametrize(
    ("progress", "standing"),
    [
        (Progress(), "Nothing was changed."),
        (Progress(has_changed=True), "What was shown as OK is done."),
        (Progress(NOT_APPLIED), "Nothing of users.0099_extra is applied."),
        (Progress(APPLIED), "users.0001_initial is applied."),
        (Progress(APPLIED, is_one_transaction=True), "Nothing was changed."),
        (Progress(NOT_APPLIED, is_one_transaction=True), "users.0099_extra is unapplied."),
        (
            Progress(migration("0002", atomic=False)),
            "users.0002 is not atomic: a part of it may have been done.",
        ),
    ],
)
def test_progress_after_an_interruption__is_what_the_database_says(
    database: str, progress: Progress, standing: str
) -> None:
    assert progress.look(connection) == standing


def test_progress_without_a_database__does_not_guess(database: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = "nowhere"
    assert Progress(APPLIED).look(connection) == (
        "Whether users.0001_initial is applied could not be seen."
    )
