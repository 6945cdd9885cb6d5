"""Runs of migrate that are cut short, after which each migration is applied in full or not at all.

Each way to cut a run is tried at one statement. MIGRATE_CUTS=7 tries every seventh statement, and
MIGRATE_CUTS=1 tries all statements.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.migrating.runs import Cutter, cutter
from tests.migrating.sessions import migrate_until
from tests.support.embedded import initialized_directory
from tests.support.few_apps import FEW_APPS, MANAGE_FEW_APPS
from tests.support.migrations import new_database_of, new_default_database, run_sql, schema
from tests.support.processes import printed, run

LEDGER = "SELECT app || '.' || name FROM django_migrations"
CONTENT_TYPES = """
    SELECT app_label, model, codename
      FROM django_content_type AS t LEFT JOIN auth_permission ON content_type_id = t.id
"""
CUTS = {"kill": 0.98, "disconnect": 0.3, "interrupt": 0.6, "terminate": 0.7}
"""The statement before which each way is tried, as a fraction of all statements."""


@dataclass
class UncutRun:
    """An uncut run: the stage after each migration, and the number of statements."""

    stages: list[Any] = field(default_factory=list)
    content_types: set[Any] = field(default_factory=set)
    statements: int = 0

    def note(self) -> None:
        """Add the present stage, without counting the statements that read it."""
        statements = self.statements
        self.stages.append(stage())
        self.statements = statements

    def __call__(self, execute: Any, *arguments: Any) -> Any:
        self.statements += 1
        return execute(*arguments)


@pytest.fixture(scope="module")
def uncut(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> UncutRun:
    uncut = UncutRun()
    with django_db_blocker.unblock(), new_database_of(FEW_APPS):
        uncut.note()
        with connection.execute_wrapper(uncut):
            migrate_until("OK", uncut.note)
        uncut.content_types = set(run_sql(CONTENT_TYPES))
    return uncut


def stage() -> tuple[set[str], set[str]]:
    """Return the recorded migrations, and the schema without django_migrations."""
    objects = schema()
    has_ledger = any("django_migrations" in line for line in objects)
    names = {name for (name,) in run_sql(LEDGER)} if has_ledger else set()
    return names, {line for line in objects if "django_migrations" not in line}


@pytest.fixture(scope="module")
def runs() -> Iterator[Cutter]:
    with cutter(*FEW_APPS) as runs:
        yield runs


def statement_numbers(way: str, statements: int) -> list[int]:
    if step := int(os.environ.get("MIGRATE_CUTS", 0)):
        return list(range(1, statements + 1, step))
    return [round(statements * CUTS[way])]


@pytest.mark.parametrize("way", CUTS)
def test_migrate_cut_at_a_statement__leaves_whole_migrations_and_a_second_run_finishes(
    way: str, uncut: UncutRun, runs: Cutter, django_db_blocker: DjangoDbBlocker
) -> None:
    for number in statement_numbers(way, uncut.statements):
        with django_db_blocker.unblock(), new_default_database() as name:
            assert runs.run(name, way, number).status != 0
            assert stage() in uncut.stages, f"cut by {way} before statement {number}"
            connection.close()
            assert runs.run(name).status == 0
            assert stage() == uncut.stages[-1]
            assert set(run_sql(CONTENT_TYPES)) == uncut.content_types


@pytest.mark.parametrize(("way", "status"), [("interrupt", 130), ("terminate", 143)])
def test_migrate_interrupted_in_a_migration__says_what_is_applied(
    way: str, status: int, empty_database: str, runs: Cutter
) -> None:
    run = runs.run(empty_database, way, 30)
    assert (run.status, run.err) == (
        status,
        "manage.py migrate: interrupted. Nothing of auth.0001_initial is applied. "
        "Run migrate again to continue.\n",
    )


def test_migrate_interrupted_before_the_first_migration__says_that_nothing_was_changed(
    empty_database: str, runs: Cutter
) -> None:
    run = runs.run(empty_database, "interrupt", 2)
    assert (run.status, run.err) == (
        130,
        "manage.py migrate: interrupted. Nothing was changed. Run migrate again to continue.\n",
    )


def test_migrate_interrupted_after_the_last_migration__says_that_everything_is_done(
    empty_database: str, uncut: UncutRun, runs: Cutter
) -> None:
    run = runs.run(empty_database, "interrupt", uncut.statements)
    assert (run.status, run.err) == (
        130,
        "manage.py migrate: interrupted. Everything shown as OK is done. "
        "Run migrate again to continue.\n",
    )


def test_migrate_whose_connection_is_cut__says_what_is_applied(
    empty_database: str, runs: Cutter
) -> None:
    run = runs.run(empty_database, "disconnect", 30)
    assert (run.status, run.err) == (
        1,
        "CommandError: terminating connection due to administrator command. Try again, or "
        "check the server's log. Nothing of auth.0001_initial is applied. Run migrate again to "
        "continue.\n",
    )


def test_migrate_whose_server_is_killed__leaves_whole_migrations_and_a_second_run_finishes(
    uncut: UncutRun,
) -> None:
    with initialized_directory() as directory:
        variables = {"EMBEDDED_POSTGRES_DIR": directory, "DATABASE_URL": ""}
        with cutter(*FEW_APPS, **variables) as runs:
            half = uncut.statements // 2
            assert runs.run("learning_platform", "stop_server", half).status == 1
            assert runs.run("learning_platform").status == 0
        verify = run("-c", MANAGE_FEW_APPS, "verify_schema", "-v0", **variables)
    assert printed(verify) == "Identical: the live schema agrees with the models."
