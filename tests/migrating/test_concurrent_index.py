"""Indexes that are built CONCURRENTLY, with interruptions."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connection

from tests.migrating.sessions import Session, end_sessions, session, wait_until_a_session_waits
from tests.support.migrations import extra_migration, migrate, run_sql

INDEX = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('late_idx')"
OID = "SELECT 'late_idx'::regclass::oid"
LAST_RECORD = "SELECT app, name FROM django_migrations ORDER BY id DESC LIMIT 1"
APPLIED = [("users", "0099_extra")]


def add_index(index: str = 'models.Index("role", name="late_idx")') -> str:
    """Return the class body of a migration that adds `index` concurrently."""
    return (
        "from django.contrib.postgres.operations import AddIndexConcurrently; atomic = False; "
        f"operations = [AddIndexConcurrently('User', {index})]"
    )


@pytest.fixture
def reader(few_apps_database: str) -> Iterator[Session]:
    """Return a session whose snapshot makes a concurrent build wait."""
    with session() as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM user_profiles")
        yield reader


@contextmanager
def when_it_waits(reaction: Callable[[Session], Any]) -> Iterator[None]:
    """Call `reaction` with another session when the build of the index waits."""

    def react() -> None:
        wait_until_a_session_waits(watcher)
        reaction(watcher)

    with session() as watcher:
        reacting = Thread(target=react)
        reacting.start()
        yield
        reacting.join()


def test_index_behind_a_reader__waits_longer_than_the_lock_timeout(reader: Session) -> None:
    def end_late(watcher: Session) -> None:
        time.sleep(0.5)
        reader.rollback()

    with extra_migration("users", add_index()), when_it_waits(end_late):
        lines = migrate("users")
    assert lines[3:] == ["  Applying users.0099_extra... OK"]


def test_index_whose_build_was_cut__is_built_by_the_next_migrate(reader: Session) -> None:
    with extra_migration("users", add_index()):
        with (
            when_it_waits(lambda watcher: end_sessions("NOT granted", watcher)),
            pytest.raises(CommandError, match="terminating connection"),
        ):
            migrate("users")
        connection.close()
        assert run_sql(INDEX) == [(False,)]
        reader.rollback()
        migrate("users")
    assert run_sql(INDEX) == [(True,)]
    assert run_sql(LAST_RECORD) == APPLIED


def test_index_that_was_built_but_not_recorded__is_kept(few_apps_database: str) -> None:
    run_sql("CREATE INDEX CONCURRENTLY late_idx ON users (role)")
    before = run_sql(OID)
    with extra_migration("users", add_index()):
        migrate("users")
    assert run_sql(OID) == before
    assert run_sql(LAST_RECORD) == APPLIED


def test_other_index_of_the_same_name__is_refused(few_apps_database: str) -> None:
    run_sql("CREATE INDEX late_idx ON users (created_at)")
    with extra_migration("users", add_index()), pytest.raises(CommandError) as error:
        migrate("users")
    assert str(error.value) == (
        "Cannot apply users.0099_extra: 'Concurrently create index late_idx on field(s)  of model "
        'User\' fails: relation "late_idx" already exists. users.0099_extra is not atomic: a part '
        "of it may have been done. Drop or rename it, or point DATABASE_URL at an empty database."
    )


def test_index_that_cannot_be_built__leaves_nothing_behind(few_apps_database: str) -> None:
    run_sql("INSERT INTO users (email, password_hash, role) VALUES ('a@b.org', 'x', 'student')")
    cast = 'models.functions.Cast("email", models.IntegerField())'
    body = add_index(f'models.Index({cast}, name="late_idx")')
    with extra_migration("users", body), pytest.raises(CommandError, match="invalid input syntax"):
        migrate("users")
    assert run_sql(INDEX) == []
