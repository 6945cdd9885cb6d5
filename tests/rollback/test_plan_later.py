"""Plans to unapply one migration that was applied an hour after all others."""

from collections.abc import Iterator

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.rollback.test_plan import plan, read
from tests.support.migrations import extra_migration, migrate, new_default_database, run_sql


@pytest.fixture(scope="module", autouse=True)
def extra(filled: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Apply a second migration of notifications, an hour after all others."""
    with (
        django_db_blocker.unblock(),
        new_default_database(filled),
        extra_migration("notifications", "operations = []"),
    ):
        migrate("notifications")
        run_sql("UPDATE django_migrations SET applied = '2026-11-20 10:00+00'")
        run_sql("UPDATE django_migrations SET applied = '2026-11-20 11:00+00' WHERE name ~ '0099'")
        yield


@pytest.mark.parametrize(
    "to",
    [
        "notifications.0001_initial",
        "notifications.0001",
        "notifications 0001",
        "notifications 0001_initial",
        "2026-11-20T10:30",
        "2026-11-20 10:30",
        "2026-11-20T10:00:00Z",
        "2026-11-20T12:30+02:00",
        "20261120T103000",
    ],
)
def test_plan_to_a_migration_or_a_time__unapplies_the_later_migration(to: str) -> None:
    assert plan(to=to) == ["notifications.0099_extra"]


def test_plan_to_a_time_without_a_zone__uses_the_current_zone() -> None:
    with override_settings(TIME_ZONE="Asia/Tokyo"):
        assert plan(to="2026-11-20T19:30") == ["notifications.0099_extra"]


def test_plan_of_an_app_to_a_time__includes_only_that_app() -> None:
    assert plan("notifications", to="2026-11-20") == [
        "notifications.0099_extra",
        "notifications.0001_initial",
    ]


def test_plan_of_everything__begins_with_the_migration_applied_last() -> None:
    assert plan()[0] == "notifications.0099_extra"


def test_plan_to_a_time_after_all_migrations__is_empty() -> None:
    nothing = read(to="2026-11-21")
    assert (nothing.migrations, nothing.reason) == (
        [],
        "no migration was applied after 2026-11-21 00:00:00 UTC; the last one, "
        "notifications.0099_extra, was at 2026-11-20 11:00:00 UTC",
    )
