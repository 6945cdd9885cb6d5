"""Options of manage.py partitions that contradict each other, or have wrong values."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.partitions.commands import refusal
from tests.support.migrations import new_default_database

pytestmark = pytest.mark.usefixtures("unchanged", "november")


@pytest.fixture(scope="module")
def unchanged(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let the alias "default" use a copy of the migrated database; no test changes it."""
    with django_db_blocker.unblock(), new_default_database(migrated):
        yield


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--from", "2026-12"],
            "--from 2026-12 has not begun. Use --ahead for coming months.",
        ),
        (["--from", "1926-12"], "--from 1926-12 is more than 600 months ago."),
        (
            ["--from", "2026-01", "--keep", "3"],
            "--from 2026-01 is older than 2026-09, the oldest month that --keep 3 keeps.",
        ),
        (["--detach-only"], "--detach-only needs --keep."),
        (["--archive", "dir"], "--archive needs --keep."),
        (
            ["--archive", "dir", "--detach-only", "--keep", "3"],
            "--archive drops the archived months. Leave out --detach-only.",
        ),
        (
            ["--ahead", "121"],
            "Error: argument --ahead: '121' is not a whole number from 0 to 120.",
        ),
        (["--keep", "0"], "Error: argument --keep: '0' is not a whole number from 1 to 10000."),
        (
            ["--from", "2026-13"],
            "Error: argument --from: '2026-13' is not a month such as 2026-11.",
        ),
        (
            ["--keep", "3", "--archive", ""],
            "Error: argument --archive: The name of the directory is empty.",
        ),
        (["users"], "users is not partitioned by month. Tables that are: analytics_events."),
    ],
)
def test_invalid_options__refused(arguments: list[str], message: str) -> None:
    assert refusal(*arguments) == message
