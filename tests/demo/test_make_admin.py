"""make_admin, which creates an administrator and prints the password once."""

import errno
import re
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

from tests.demo.command import run
from tests.support.databases import Database, known_database
from tests.support.migrations import new_default_database
from tests.support.verify_schema import Run
from users.models import User

PRINTED = re.compile(r"Log in as (\S+) with password (\S+), which is shown only now\.\n")


def make_admin(database: Database, *arguments: str) -> Run:
    return run("make_admin", database, *arguments)


def test_make_admin_password__logs_in(empty: Database) -> None:
    printed = PRINTED.match(make_admin(empty).out)
    assert printed
    account = User.objects.using(empty.alias).get(email=printed[1])
    assert account.is_superuser
    assert account.check_password(printed[2])


def test_make_admin_password__differs_each_time(empty: Database) -> None:
    first = make_admin(empty).out
    empty.execute("TRUNCATE users CASCADE")
    assert make_admin(empty).out != first


def test_make_admin_again__prints_no_password(empty: Database) -> None:
    make_admin(empty)
    line, *_ = make_admin(empty).out.splitlines()
    assert line == "Log in as admin@example.com with the password that it was created with."


def test_make_admin_again__keeps_the_password(empty: Database) -> None:
    make_admin(empty)
    before = empty.query("SELECT * FROM users")
    make_admin(empty)
    assert empty.query("SELECT * FROM users") == before


def test_make_admin_with_another_administrator__creates_none(empty: Database) -> None:
    empty.execute("INSERT INTO users (email, password_hash, role) VALUES ('me@b.cz', '', 'admin')")
    line, *_ = make_admin(empty).out.splitlines()
    assert line == "Log in as me@b.cz with the password that it was created with."


@pytest.mark.parametrize(
    ("role", "deleted_at"),
    [("student", "NULL"), ("admin", "now()")],
    ids=["student", "deactivated"],
)
def test_make_admin_address_taken__is_refused(empty: Database, role: str, deleted_at: str) -> None:
    empty.execute(
        "INSERT INTO users (email, password_hash, role, deleted_at)"
        f" VALUES ('admin@example.com', '', '{role}', {deleted_at})"
    )
    assert make_admin(empty).verdict == (
        1,
        "The account admin@example.com exists, but it is closed or not an administrator's. "
        "Pass another address with --email.",
    )


def test_make_admin_wrong_address__is_refused(empty: Database) -> None:
    assert make_admin(empty, "--email=me").verdict == (
        1,
        "'me' is not an e-mail address. Pass --email you@example.com.",
    )


def test_make_admin_three_at_once__creates_one_account(
    migrated: str, django_db_blocker: DjangoDbBlocker
) -> None:
    def of_a_thread(database: Database) -> str:
        try:
            return make_admin(database).out.splitlines()[0]
        finally:
            connections[database.alias].close()

    with (
        django_db_blocker.unblock(),
        new_default_database(migrated) as name,
        known_database(name) as database,
        ThreadPoolExecutor(3) as threads,
    ):
        lines = list(threads.map(of_a_thread, [database] * 3))
        accounts = database.query("SELECT email FROM users")
    kept = "Log in as admin@example.com with the password that it was created with."
    assert lines.count(kept) == 2
    assert accounts == [("admin@example.com",)]


def test_make_admin_with_autocommit_off__commits_the_account(
    migrated: str, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), new_default_database(migrated):
        connections["default"].settings_dict["AUTOCOMMIT"] = False
        call_command("make_admin", stdout=StringIO())
        connections["default"].close()
        assert [user.email for user in User.objects.all()] == ["admin@example.com"]


def test_make_admin_whose_password_cannot_be_printed__creates_no_account(empty: Database) -> None:
    class Full(StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        call_command("make_admin", database=empty.alias, stdout=Full())
    assert not User.objects.using(empty.alias).exists()
