"""migrate backwards on a database with rows in every table."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from django.apps import apps
from django.core.management.base import CommandError
from pytest_django import DjangoDbBlocker

from config.project import own_apps
from tests.migrating.sessions import migrate_until
from tests.support.migrations import (
    dump,
    extra_migration,
    finished,
    migrate,
    new_default_database,
    planned,
    run_sql,
)

APPS = [config.label for config in own_apps()]
TABLES = {model._meta.db_table: model._meta.app_label for model in apps.get_models()}


# Contents of a database


@dataclass(frozen=True)
class Snapshot:
    names: set[str]
    rows: dict[str, list[str]]
    records: set[str]
    content_types: set[str]
    permissions: set[str]


def snapshot() -> Snapshot:
    return Snapshot(
        names=values("SELECT relname FROM pg_class UNION SELECT typname FROM pg_type"),
        rows=rows_by_table(),
        records=values("SELECT app || '.' || name FROM django_migrations"),
        content_types=values("SELECT app_label || '.' || model FROM django_content_type"),
        permissions=values(
            "SELECT app_label || '.' || codename FROM auth_permission"
            "  JOIN django_content_type AS type ON type.id = content_type_id"
        ),
    )


def values(sql: str) -> set[str]:
    return {value for (value,) in run_sql(sql)}


def rows_by_table() -> dict[str, list[str]]:
    """Return the rows of those tables of the project that exist."""
    existing = values("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')")
    # enrollments.payment_id is dropped with table payments, and its values are lost.
    rows = "SELECT (to_jsonb(t) - 'payment_id')::text FROM {} AS t"
    return {
        table: sorted(values(rows.format(table)))
        for table, app_label in TABLES.items()
        if app_label in APPS and table in existing
    }


def names_of(app_label: str) -> set[str]:
    """Return the names of the app's tables, indexes, sequences and enum types."""
    tables = ", ".join(f"'{table}'" for table, label in TABLES.items() if label == app_label)
    return values(f"""
        WITH tables AS (SELECT oid FROM pg_class WHERE relname IN ({tables}))
        SELECT relname FROM pg_class
         WHERE oid IN (TABLE tables)
            OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid IN (TABLE tables))
            OR oid IN (SELECT objid FROM pg_depend WHERE refobjid IN (TABLE tables))
         UNION
        SELECT typname FROM pg_type JOIN pg_attribute ON atttypid = pg_type.oid
         WHERE typtype = 'e' AND attrelid IN (TABLE tables)
    """)


# One app to zero, and forward again


@dataclass(frozen=True)
class Remaining:
    """The objects and records that a database still has."""

    relations: set[str]
    types: set[str]
    records: list[tuple[object, ...]]


@dataclass(frozen=True)
class Rollback:
    """The outcome of unapplying an app and its dependents, and of applying them again."""

    plan: list[str]
    ran: list[str]
    names: set[str]
    before: Snapshot
    without: Snapshot
    left: Remaining
    again: Snapshot
    schema_before: list[str]
    schema_again: list[str]


EVERYTHING = ("users", "sessions", "contenttypes")
"""Apps on which all others depend; all apps of the project depend on the first one."""


# All other apps depend on the first app. Only a later migration of another app needs the second.
@pytest.fixture(scope="module", params=(EVERYTHING[0], "payments"))
def rollback(
    request: pytest.FixtureRequest, filled: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[Rollback]:
    with django_db_blocker.unblock(), new_default_database(filled):
        before, schema_before = snapshot(), dump("--schema-only")
        plan = planned(request.param, "zero")
        names = {name for app_label in apps_unapplied(plan) for name in names_of(app_label)}
        ran = finished(migrate(request.param, "zero"))
        without = snapshot()
        for app_label in EVERYTHING[1:] if request.param in EVERYTHING else ():
            migrate(app_label, "zero")
        left = read_remaining()
        migrate()
        again, schema_again = snapshot(), dump("--schema-only")
        yield Rollback(plan, ran, names, before, without, left, again, schema_before, schema_again)


def apps_unapplied(plan: list[str]) -> set[str]:
    """Return the apps that `plan` unapplies completely."""
    return {name.removesuffix(".0001_initial") for name in plan if name.endswith(".0001_initial")}


def of_apps(names: set[str], app_labels: set[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] in app_labels}


def test_app_to_zero__runs_the_plan_that_it_shows(rollback: Rollback) -> None:
    assert rollback.ran == rollback.plan


def test_app_to_zero__no_table_index_sequence_or_type_is_left(rollback: Rollback) -> None:
    assert len(rollback.names) > 4
    assert rollback.names & rollback.without.names == set()


def test_app_to_zero__no_record_is_left(rollback: Rollback) -> None:
    assert rollback.before.records - rollback.without.records == set(rollback.plan)


def test_app_to_zero__only_its_content_types_are_deleted(rollback: Rollback) -> None:
    gone = rollback.before.content_types - rollback.without.content_types
    assert gone == of_apps(rollback.before.content_types, apps_unapplied(rollback.plan))


def test_app_to_zero__only_its_permissions_are_deleted(rollback: Rollback) -> None:
    gone = rollback.before.permissions - rollback.without.permissions
    assert gone == of_apps(rollback.before.permissions, apps_unapplied(rollback.plan))


def test_app_to_zero__rows_of_the_other_apps_stay(rollback: Rollback) -> None:
    gone = apps_unapplied(rollback.plan)
    others = {t: rows for t, rows in rollback.before.rows.items() if TABLES[t] not in gone}
    assert rollback.without.rows == others


def test_app_to_zero_and_forward__schema_is_identical(rollback: Rollback) -> None:
    assert rollback.schema_again == rollback.schema_before


def test_app_to_zero_and_forward__records_and_content_types_exist_again(rollback: Rollback) -> None:
    assert rollback.again.records == rollback.before.records
    assert rollback.again.content_types == rollback.before.content_types
    assert rollback.again.permissions == rollback.before.permissions


def test_app_to_zero_and_forward__rows_of_the_other_apps_stay(rollback: Rollback) -> None:
    gone = apps_unapplied(rollback.plan)
    empty: dict[str, list[str]] = {
        table: [] for table in TABLES if TABLES[table] in gone & set(APPS)
    }
    assert rollback.again.rows == rollback.without.rows | empty


# Everything to zero


def read_remaining() -> Remaining:
    """Return the objects and records of the project that still exist."""
    return Remaining(
        values("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
        values("SELECT typname FROM pg_type WHERE typtype = 'e'"),
        run_sql("SELECT app, name FROM django_migrations"),
    )


@pytest.mark.parametrize("rollback", EVERYTHING[:1], indirect=True)
def test_every_app_to_zero__nothing_is_left(rollback: Rollback) -> None:
    ledger = {"django_migrations", "django_migrations_id_seq", "django_migrations_pkey"}
    assert rollback.left == Remaining(relations=ledger, types=set(), records=[])


def test_every_table_before_a_rollback__has_rows(rollback: Rollback) -> None:
    assert len(rollback.before.rows) == 24
    assert all(rollback.before.rows.values())


def test_last_migration_of_an_app_unapplied_and_forward__schema_is_identical(
    filled_database: None,
) -> None:
    before = dump("--schema-only")
    assert finished(migrate("enrollments", "0001")) == ["enrollments.0002_initial"]
    migrate()
    assert dump("--schema-only") == before


# All or nothing

VIEW = "CREATE VIEW amounts AS SELECT amount FROM payments"
IRREVERSIBLE = 'operations = [migrations.RunSQL("SELECT 1")]'
NOT_ATOMIC = "atomic = False; operations = []"


def test_unapplying_whose_last_step_fails__changes_nothing_and_can_be_repeated(
    filled_database: None,
) -> None:
    run_sql(VIEW)
    before = dump()
    with pytest.raises(CommandError) as error:
        migrate("payments", "zero")
    assert str(error.value) == (
        "Cannot unapply payments.0001_initial: undoing 'Create model Payment' fails: cannot drop "
        "table payments because other objects depend on it: view amounts depends on table "
        "payments. Nothing was changed. Drop the dependent objects, or ask their owner to. "
        "Everything shown as OK is undone."
    )
    assert dump() == before
    run_sql("DROP VIEW amounts")
    ran = finished(migrate("payments", "zero"))
    assert ran == ["enrollments.0002_initial", "payments.0001_initial"]


def test_irreversible_step_in_a_rollback__refused_before_anything_ran(
    filled_database: None,
) -> None:
    with extra_migration("courses", IRREVERSIBLE):
        migrate("courses")
        before = dump()
        with pytest.raises(CommandError) as error:
            migrate("users", "zero")
    assert str(error.value) == (
        "Cannot unapply courses.0099_extra: its operation 'Raw SQL operation' is irreversible. "
        "Nothing was changed. Give the operation a reverse, or restore a backup."
    )
    assert dump() == before


def test_migration_that_is_not_atomic_in_a_longer_rollback__refused(filled_database: None) -> None:
    with extra_migration("courses", NOT_ATOMIC):
        migrate("courses")
        before = dump()
        with pytest.raises(CommandError) as error:
            migrate("users", "zero")
    assert str(error.value) == (
        "Cannot unapply courses.0099_extra: it is not atomic, and a rollback is one transaction. "
        "Nothing was changed. Unapply it by itself with manage.py migrate."
    )
    assert dump() == before


def test_migration_that_is_not_atomic_by_itself__unapplied(filled_database: None) -> None:
    concurrently = "migrations.RunSQL('SELECT 1', 'CREATE INDEX CONCURRENTLY ON users (email)')"
    with extra_migration("users", f"atomic = False; operations = [{concurrently}]"):
        migrate("users")
        assert finished(migrate("users", "0001")) == ["users.0099_extra"]


def test_migration_that_is_not_atomic__interrupted_and_to_be_unapplied_again(
    few_apps_database: str,
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with extra_migration("users", NOT_ATOMIC):
        migrate("users")
        with pytest.raises(KeyboardInterrupt) as interruption:
            migrate_until("Unapplying users", interrupt, "users", "0001")
    assert str(interruption.value) == (
        "interrupted. users.0099_extra is not atomic: a part of it may have been done. Run the "
        "same command again to continue."
    )


def test_rows_written_by_an_unapplied_migration__do_not_prevent_the_next(
    filled_database: None,
) -> None:
    """Deferred constraints of the rows are checked before the next migration drops the table."""
    other = "SELECT id FROM users WHERE id <> recipient_id LIMIT 1"
    update = f"UPDATE notifications SET recipient_id = ({other})"
    with extra_migration(
        "notifications", f"operations = [migrations.RunSQL('SELECT 1', '{update}')]"
    ):
        migrate("notifications")
        assert finished(migrate("notifications", "zero"))[-1] == "notifications.0001_initial"


def test_rows_written_by_an_unapplied_migration_that_break_a_constraint__nothing_has_changed(
    filled_database: None,
) -> None:
    collide = (
        "UPDATE course_modules SET order_number = 1, course_id = (SELECT id FROM courses LIMIT 1)"
    )
    with extra_migration("courses", f"operations = [migrations.RunSQL('SELECT 1', '{collide}')]"):
        migrate("courses")
        before = dump()
        with pytest.raises(CommandError) as error:
            migrate("courses", "0001")
        assert dump() == before
    assert re.fullmatch(
        "Cannot unapply courses.0099_extra: duplicate key value violates unique constraint "
        r'"course_modules_order_uniq": Key \(course_id, order_number\)=\(\S+, 1\) already exists. '
        "Nothing was changed. Correct the rows or the migration, then run the same command again.",
        str(error.value),
    )


# Faked


def test_app_faked_to_zero__only_records_are_removed(filled_database: None) -> None:
    before, schema = snapshot(), dump("--schema-only")
    migrate("payments", "zero", "--fake")
    after = snapshot()
    assert dump("--schema-only") == schema
    assert before.records - after.records == {"payments.0001_initial", "enrollments.0002_initial"}
    assert after == replace(before, records=after.records)
