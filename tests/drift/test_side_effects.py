"""The cost of a run: queries, locks, and traces in the catalog."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import models

from config.drift import expected
from config.drift.expected import expected_models, read_expected
from tests.support.databases import Database
from tests.support.verify_schema import IDENTICAL

pytestmark = pytest.mark.usefixtures("migrations_read_once")

ROWS = """
    SELECT (SELECT count(*) FROM pg_attribute), (SELECT count(*) FROM pg_class),
           (SELECT count(*) FROM pg_constraint), (SELECT count(*) FROM pg_description),
           (SELECT count(*) FROM pg_enum), (SELECT count(*) FROM pg_namespace),
           (SELECT count(*) FROM pg_type)
"""
LOCKS = """
    SELECT DISTINCT l.relation::regclass::text, l.mode
      FROM pg_locks AS l
      JOIN pg_class AS c ON c.oid = l.relation
     WHERE l.pid = %s AND c.relnamespace = 'public'::regnamespace
"""
MORE_TABLES = """
    DO $$
    BEGIN
        FOR n IN 1..30 LOOP
            EXECUTE format('CREATE TABLE more_%s (id uuid PRIMARY KEY, role role)', n);
            EXECUTE format('CREATE INDEX ON more_%s (role) WHERE role <> %L', n, 'admin');
        END LOOP;
    END $$
"""


@contextmanager
def after_each_query(database: Database, do: Callable[[], None]) -> Iterator[None]:
    def execute_and_do(execute: Callable[..., Any], *arguments: Any) -> Any:
        result = execute(*arguments)
        do()
        return result

    with database.connection.execute_wrapper(execute_and_do):
        yield


def count_queries(database: Database, run: Callable[[], object]) -> int:
    queries: list[int] = []
    with after_each_query(database, lambda: queries.append(1)):
        run()
    return len(queries)


def test_verify_schema_at_any_moment__locks_live_objects_in_access_share_mode_only(
    shared_clone: Database,
) -> None:
    locks = set()

    def look() -> None:
        pid = shared_clone.connection.connection.info.backend_pid
        locks.update(session.execute(LOCKS, [pid]).fetchall())

    with shared_clone.session() as session, after_each_query(shared_clone, look):
        assert shared_clone.verify("--format", "json").status == 0
    assert ("django_migrations", "AccessShareLock") in locks
    assert {mode for _, mode in locks} == {"AccessShareLock"}


def test_verify_schema__leaves_nothing_behind(shared_clone: Database) -> None:
    before = shared_clone.query(ROWS)
    assert shared_clone.verify("-v0").verdict == IDENTICAL
    assert shared_clone.query(ROWS) == before


def test_verify_schema_with_30_more_tables__same_number_of_queries(clone: Database) -> None:
    clone.verify()  # sends the queries that Django sends only once
    queries = count_queries(clone, clone.verify)
    clone.execute(MORE_TABLES)
    assert count_queries(clone, clone.verify) == queries


def test_read_expected_of_30_more_models__same_number_of_queries(
    shared_clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> None:
        read_expected(shared_clone.connection)

    read()  # sends the queries that Django sends only once
    queries = count_queries(shared_clone, read)
    more = [*expected_models("default"), *map(numbered_model, range(30))]
    monkeypatch.setattr(expected, "expected_models", lambda alias: more)
    assert count_queries(shared_clone, read) == queries


def numbered_model(number: int) -> type[models.Model]:
    options = {"app_label": "numbered", "apps": Apps(), "db_table": f"numbered_{number}"}
    attributes = {"Meta": type("Meta", (), options), "__module__": __name__}
    return type("Numbered", (models.Model,), attributes)


def test_read_expected_in_small_batches__same_as_in_one_batch(
    shared_clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = read_expected(shared_clone.connection)
    monkeypatch.setattr(expected, "TABLES_AT_ONCE", 10)
    assert read_expected(shared_clone.connection) == at_once
