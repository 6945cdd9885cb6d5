"""Transactions have no time limits, and their outcome is known after a lost connection."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import psycopg
import pytest
from django.db import Error, IntegrityError, connection, transaction
from pytest_django import DjangoDbBlocker

from config.postgres.backend import begin, certain_commit
from config.postgres.backend import transactions as module
from tests.support.migrations import new_default_database, run_sql
from tests.support.proxy import Proxy, proxied


@pytest.fixture(scope="module")
def item_table(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    with django_db_blocker.unblock(), new_default_database() as name:
        run_sql("CREATE TABLE item (name text UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        yield name


@pytest.fixture
def proxy(item_table: str) -> Iterator[Proxy]:
    run_sql("TRUNCATE item")
    with proxied() as proxy:
        yield proxy


def items() -> int:
    [(number,)] = run_sql("SELECT count(*) FROM item")
    return int(number)


def write(*names: str) -> None:
    with certain_commit(connection), connection.cursor() as cursor:
        cursor.execute("INSERT INTO item SELECT unnest(%s::text[])", [[*names]])


def test_commit_whose_answer_is_lost__counts_as_committed(proxy: Proxy) -> None:
    proxy.cut = "after"
    write("a")
    assert items() == 1


def test_commit_that_the_server_never_got__raises_the_error(proxy: Proxy) -> None:
    proxy.cut = "before"
    with pytest.raises(Error, match="closed"):
        write("a")
    assert items() == 0


def test_commit_lost_with_the_server_out_of_reach__raises_the_error(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    connection.ensure_connection()
    proxy.cut, proxy.is_closed = "after", True
    with pytest.raises(Error):
        write("a")
    proxy.is_closed = False
    assert items() == 1


def test_commit_that_a_constraint_refuses__raises_the_error(proxy: Proxy) -> None:
    with pytest.raises(IntegrityError, match="item_name_key"):
        write("a", "a")
    assert items() == 0


def test_transaction_on_a_connection_that_was_ended_while_idle__gets_a_new_connection(
    proxy: Proxy,
) -> None:
    [(pid,)] = run_sql("SELECT pg_backend_pid()")
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    write("a")
    assert items() == 1


TIMEOUTS = ("idle_in_transaction_session_timeout", "transaction_timeout")


def test_begun_transaction__has_no_limits_of_the_database(item_table: str) -> None:
    existing = [name for (name,) in run_sql("SELECT name FROM pg_settings") if name in TIMEOUTS]
    for name in [*existing, "quote_all_identifiers"]:
        run_sql(f"ALTER DATABASE {item_table} SET {name} = {60000 if name in TIMEOUTS else 'on'}")
    connection.close()
    with transaction.atomic(), connection.cursor():
        begin(connection.connection)
        limits = [run_sql(f"SHOW {name}") for name in [*existing, "quote_all_identifiers"]]
    run_sql(f"ALTER DATABASE {item_table} RESET ALL")
    connection.close()
    assert limits == [[("0",)]] * len(existing) + [[("off",)]]


@pytest.mark.parametrize("opened", [transaction.atomic, lambda: certain_commit(connection)])
def test_begun_transaction__reads_what_was_committed_while_it_waited(
    item_table: str, opened: Callable[[], AbstractContextManager[object]]
) -> None:
    run_sql(f"ALTER DATABASE {item_table} SET default_transaction_isolation = serializable")
    connection.close()
    with opened():
        connection.ensure_connection()
        begin(connection.connection)
        level = run_sql("SHOW transaction_isolation")
    run_sql(f"ALTER DATABASE {item_table} RESET ALL")
    connection.close()
    assert level == [("read committed",)]
