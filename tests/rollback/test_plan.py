"""The plan of a rollback, by the arguments of the command."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connection

from config.rollback.rollback_plan import Rollback, read_rollback
from tests.support.migrations import extra_migration, run_sql

pytestmark = pytest.mark.django_db

EVERYTHING_BUT_DJANGO = [
    "notifications.0001_initial",
    "enrollments.0002_initial",
    "payments.0001_initial",
    "communication.0001_initial",
    "assessments.0001_initial",
    "enrollments.0001_initial",
    "analytics.0001_initial",
    "courses.0001_initial",
    "admin.0003_logentry_add_action_flag_choices",
    "admin.0002_logentry_remove_auto_add",
    "admin.0001_initial",
    "users.0001_initial",
]


def plan(*app_labels: str, to: str = "") -> list[str]:
    return [str(migration) for migration in read(*app_labels, to=to).migrations]


def read(*app_labels: str, to: str = "") -> Rollback:
    return read_rollback(connection, app_labels, to.split())


def refusal(*app_labels: str, to: str = "") -> str:
    with pytest.raises(CommandError) as error:
        read(*app_labels, to=to)
    return str(error.value)


# Everything, and apps


def test_plan_of_everything__includes_all_applied_migrations() -> None:
    applied = {f"{app}.{name}" for app, name in run_sql("SELECT app, name FROM django_migrations")}
    assert set(plan()) == applied


def test_plan_of_everything__unapplies_dependent_migrations_first() -> None:
    gone: set[Any] = set()
    for migration in read().migrations:
        assert not gone & {(app, name) for app, name in migration.dependencies}
        gone.add((migration.app_label, migration.name))


def test_plan_of_an_app__includes_dependent_migrations() -> None:
    assert plan("payments") == ["enrollments.0002_initial", "payments.0001_initial"]


def test_plan_of_users__includes_all_apps_of_the_project_and_the_admin() -> None:
    assert plan("users") == EVERYTHING_BUT_DJANGO


def test_plan_of_two_apps__includes_common_dependents_once() -> None:
    assert plan("payments", "courses") == [
        migration
        for migration in EVERYTHING_BUT_DJANGO
        if migration.split(".")[0] not in ("users", "admin", "notifications")
    ]


def test_plan_of_an_app_that_is_not_applied__is_empty() -> None:
    run_sql("DELETE FROM django_migrations WHERE app = 'payments' OR name = '0002_initial'")
    nothing = read("payments")
    assert (nothing.migrations, nothing.reason) == ([], "no migration of payments is applied")


def test_plan_of_an_empty_database__is_empty() -> None:
    run_sql("DROP TABLE django_migrations")
    nothing = read()
    assert (nothing.migrations, nothing.reason) == ([], "no migration is applied")


def test_app_that_is_unknown__refused() -> None:
    assert refusal("billing") == (
        "App 'billing' is not installed. Apps with migrations: admin, analytics, assessments, "
        "auth, communication, contenttypes, courses, enrollments, notifications, payments, "
        "sessions, users."
    )


def test_app_without_migrations__refused() -> None:
    assert refusal("messages").startswith(
        "App 'messages' has no migrations. Apps with migrations: admin, "
    )


# To a migration


def test_plan_to_a_migration__includes_others_that_depend_on_a_later_one() -> None:
    with extra_migration("courses", "operations = []; run_before = [('payments', '0001_initial')]"):
        run_sql("INSERT INTO django_migrations VALUES (99, 'courses', '0099_extra', now())")
        assert plan(to="courses.0001") == [
            "enrollments.0002_initial",
            "payments.0001_initial",
            "courses.0099_extra",
        ]


@pytest.mark.parametrize("to", ["payments zero", "payments.zero"])
def test_plan_to_zero__is_that_of_the_whole_app(to: str) -> None:
    assert plan(to=to) == ["enrollments.0002_initial", "payments.0001_initial"]


def test_plan_to_the_last_migration__is_empty() -> None:
    nothing = read(to="courses.0001")
    assert (nothing.migrations, nothing.reason) == (
        [],
        "courses.0001_initial is the last migration of courses that is applied",
    )


@pytest.mark.parametrize(
    ("to", "message"),
    [
        (
            "courses.0002",
            "No migration of courses begins with '0002'. "
            "manage.py showmigrations courses lists them.",
        ),
        (
            "enrollments.000",
            "More than one migration of enrollments begins with '000'. "
            "manage.py showmigrations enrollments lists them.",
        ),
        (
            "yesterday",
            "--to yesterday is neither a point in time nor a migration. Write --to "
            "2026-11-20T10:00 or --to courses.0001_initial.",
        ),
    ],
)
def test_point_that_does_not_exist__refused(to: str, message: str) -> None:
    assert refusal(to=to) == message


def test_migration_that_is_not_applied__refused() -> None:
    run_sql("DELETE FROM django_migrations WHERE name = '0002_initial'")
    assert refusal(to="enrollments.0002") == (
        "enrollments.0002_initial is not applied, so enrollments cannot be rolled back to it. "
        "manage.py showmigrations enrollments lists the applied migrations."
    )


def test_migration_and_an_app__refused() -> None:
    assert refusal("payments", to="courses.0001") == (
        "--to courses.0001 already names an app. Leave out payments, or give a point in time."
    )


# To a point in time


def test_plan_to_now__is_empty() -> None:
    assert plan(to=datetime.now(UTC).isoformat()) == []
