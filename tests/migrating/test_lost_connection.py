"""Connections that are lost while migrate runs, and time limits of the database."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.db import connection

from tests.migrating.sessions import migrate_until, session
from tests.support.lab import Lab
from tests.support.migrations import extra_migration, finished, migrate, run_sql
from tests.support.proxy import Proxy, proxied

TABLE = 'operations = [migrations.RunSQL("CREATE TABLE extra ()", "DROP TABLE extra")]'


@pytest.fixture
def proxy(few_apps_database: str) -> Iterator[Proxy]:
    with proxied() as proxy:
        yield proxy


def has_table() -> bool:
    return run_sql("SELECT to_regclass('extra') IS NOT NULL") == [(True,)]


def test_migration_whose_commit_is_not_answered__is_applied_and_migrate_continues(
    proxy: Proxy,
) -> None:
    with extra_migration("users", TABLE):
        lines = migrate_until("Applying users.0099", proxy.cutting("after"), "users")
    assert finished(lines) == ["users.0099_extra"]
    assert has_table()


def test_migrate_with_autocommit_off_whose_commit_is_not_answered__commits_the_others(
    lab: Lab, proxy: Proxy
) -> None:
    for name in ("0001_a", "0002_b"):
        lab.write_migration(name, f"migrations.RunSQL('CREATE TABLE t{name} ()'),")
    connection.close()
    connection.settings_dict["AUTOCOMMIT"] = False
    lines = migrate_until("Applying lab.0001_a", proxy.cutting("after"), "lab")
    assert not connection.get_autocommit()
    connection.close()
    assert finished(lines) == ["lab.0001_a", "lab.0002_b"]
    assert run_sql("SELECT to_regclass('t0002_b') IS NOT NULL") == [(True,)]


def test_migration_whose_commit_the_server_never_got__is_not_applied(proxy: Proxy) -> None:
    with extra_migration("users", TABLE), pytest.raises(CommandError) as error:
        migrate_until("Applying users.0099", proxy.cutting("before"), "users")
    assert str(error.value).endswith(
        "Nothing of users.0099_extra is applied. Run migrate again to continue."
    )
    assert not has_table()


def test_unapplying_whose_commit_is_not_answered__is_done(proxy: Proxy) -> None:
    with extra_migration("users", TABLE):
        migrate("users")
        lines = migrate_until("Unapplying users.0099", proxy.cutting("after"), "users", "0001")
    assert finished(lines) == ["users.0099_extra"]
    assert not has_table()


def test_session_that_the_server_ends_in_a_migration__nothing_is_applied(
    few_apps_database: str,
) -> None:
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid

    def end() -> None:
        with session() as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    with extra_migration("users", TABLE), pytest.raises(CommandError) as error:
        migrate_until("Applying users.0099", end, "users")
    assert str(error.value) == (
        "terminating connection due to administrator command. Try again, or check the server's "
        "log. Nothing of users.0099_extra is applied. Run migrate again to continue."
    )


def test_session_ended_by_the_server_during_the_checks_of_an_unapplying__command_to_run_again(
    few_apps_database: str,
) -> None:
    def end(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "pg_enum" in sql:
            with session() as other:
                pid = connection.connection.info.backend_pid
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        return execute(sql, *rest)

    with extra_migration("users", "operations = [AddEnumValue('role', 'guest')]"):
        migrate("users")
        with connection.execute_wrapper(end), pytest.raises(CommandError) as error:
            migrate("users", "0001")
    assert str(error.value).endswith(
        " Nothing was changed. Run the same command again to continue."
    )


REFUSED = """
    operations = [migrations.RunSQL(
        "CREATE TABLE extra (); DO $$BEGIN RAISE 'Server 2: refused' USING ERRCODE = '08006'; END$$"
    )]
"""


def test_migration_without_a_server_of_the_cluster__is_not_applied(few_apps_database: str) -> None:
    with extra_migration("users", REFUSED), pytest.raises(CommandError) as error:
        finished(migrate("users"))
    assert str(error.value) == (
        "Server 2: refused. Start that server of the cluster, or see its log. Nothing of "
        "users.0099_extra is applied. Run migrate again to continue."
    )


@pytest.mark.parametrize("timeout", ["idle_in_transaction_session_timeout", "transaction_timeout"])
def test_migration_in_a_database_with_a_timeout__has_no_time_limit(
    few_apps_database: str, timeout: str
) -> None:
    if not run_sql(f"SELECT 1 FROM pg_settings WHERE name = '{timeout}'"):
        pytest.skip(f"{timeout} is of a later version")
    run_sql("CREATE TABLE seen (value text)")
    run_sql(f"ALTER DATABASE {few_apps_database} SET {timeout} = '60s'")
    connection.close()
    show = f"'INSERT INTO seen VALUES (current_setting($${timeout}$$))'"
    with extra_migration("users", f"operations = [migrations.RunSQL({show}, {show})]"):
        migrate("users")
        migrate("users", "0001")
    assert run_sql("SELECT * FROM seen") == [("0",), ("0",)]
