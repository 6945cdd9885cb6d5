"""The command: what it refuses, what it leaves, what it says."""

import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from pytest_django import DjangoDbBlocker

from config.demo import load
from config.demo.rows import TABLES
from tests.demo.command import UNTIL, Terminal, count, digest, seed_demo
from tests.support.databases import Database, new_database

SMALL = ("--scale=40", f"--until={UNTIL}")
ADMINISTRATOR = "INSERT INTO users (email, password_hash, role) VALUES ('{}', '!', 'admin')"


@pytest.fixture
def unmigrated(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Database]:
    with django_db_blocker.unblock(), new_database() as database:
        yield database


def test_tables__are_those_of_all_models() -> None:
    own = [
        model._meta.db_table
        for model in apps.get_models()
        if "." not in model.__module__.removesuffix(".models")
    ]
    assert sorted(TABLES) == sorted(own)


# Determinism


def test_seed_demo_same_seed__writes_the_same_rows(empty: Database) -> None:
    seed_demo(empty, *SMALL, "--seed=3")
    before = digest(empty)
    seed_demo(empty, *SMALL, "--seed=3", "--replace")
    assert digest(empty) == before


def test_seed_demo_other_seed__writes_other_rows(empty: Database) -> None:
    seed_demo(empty, *SMALL, "--seed=3")
    before = digest(empty)
    seed_demo(empty, *SMALL, "--seed=4", "--replace")
    assert [both[0] for both in set(digest(empty)) & set(before) if both[1]] == []


@pytest.mark.parametrize("scale", [1, 2, 7, 61])
def test_seed_demo_scale__is_the_number_of_enrollments(empty: Database, scale: int) -> None:
    assert seed_demo(empty, f"--scale={scale}").status == 0
    assert count(empty, "enrollments") == scale


# What is refused


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (
            "--scale=huge",
            "There is no scale 'huge'. Write small, medium, large, or a number of enrollments "
            "from 1 to 10000000.",
        ),
        (
            "--scale=0",
            "There is no scale '0'. Write small, medium, large, or a number of enrollments "
            "from 1 to 10000000.",
        ),
        ("--seed=-1", "The seed is '-1'. Write a whole number from 0 to 999999999."),
        ("--seed=x", "The seed is 'x'. Write a whole number from 0 to 999999999."),
        ("--until=soon", "There is no day 'soon'. Write YYYY-MM-DD, from 2000 to 2100."),
        (
            "--until=1999-01-01",
            "There is no day '1999-01-01'. Write YYYY-MM-DD, from 2000 to 2100.",
        ),
    ],
)
def test_seed_demo_wrong_value__is_refused(seeded: Database, argument: str, message: str) -> None:
    assert seed_demo(seeded, argument).verdict == (1, message)


def test_seed_demo_unknown_database__is_refused(seeded: Database) -> None:
    run = seed_demo(seeded, "--database=nowhere")
    known = f"default, {seeded.alias}"
    assert re.sub(r"default, .*\.", f"{known}.", run.err) == (
        f"There is no database 'nowhere'. There are: {known}."
    )


def test_seed_demo_not_migrated__is_refused(unmigrated: Database) -> None:
    run = seed_demo(unmigrated)
    assert re.sub(r"\d+|is \w+\.\w+", "*", run.err) == re.sub(
        r"\d+|is \w+\.\w+",
        "*",
        f"29 migrations are missing in database {unmigrated.name}, the first is users.0001_initial."
        " Run manage.py migrate.",
    )


def test_seed_demo_data_there__is_refused(empty: Database) -> None:
    empty.execute("INSERT INTO users (email, password_hash, role) VALUES ('a@b.c', '', 'student')")
    assert seed_demo(empty).verdict == (
        1,
        f"Database {empty.name} has data: table users has 1 row. Add --replace to delete all data "
        "but the accounts of administrators first, or take an empty database.",
    )


def test_seed_demo_data_there__stays_untouched(seeded: Database) -> None:
    before = digest(seeded)
    seed_demo(seeded, "--seed=9")
    assert digest(seeded) == before


def test_seed_demo_data_there_if_empty__is_left(seeded: Database) -> None:
    run = seed_demo(seeded, "--if-empty")
    assert (run.status, run.out) == (0, "There is data already, so none was added.\n")


def test_seed_demo_address_taken__is_refused(empty: Database) -> None:
    seed_demo(empty, *SMALL)
    [[email]] = empty.query("SELECT email FROM users ORDER BY email LIMIT 1")
    empty.execute("TRUNCATE users CASCADE", ADMINISTRATOR.format(email))
    assert seed_demo(empty, *SMALL).verdict == (
        1,
        f"Key (email)=({email}) already exists. Nothing was written. Choose another --seed.",
    )


# What happens to what is there


def test_seed_demo_beside_administrators__fills(empty: Database) -> None:
    empty.execute(ADMINISTRATOR.format("boss@example.com"))
    assert seed_demo(empty, *SMALL).status == 0


def test_seed_demo_replace__keeps_administrators(empty: Database) -> None:
    empty.execute(ADMINISTRATOR.format("boss@example.com"))
    seed_demo(empty, *SMALL, "--replace")
    assert empty.query("SELECT email FROM users WHERE role = 'admin'") == [("boss@example.com",)]


def test_seed_demo_interrupted__writes_nothing(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(load, "copy_events", interrupt)
    assert seed_demo(empty, *SMALL).verdict == (130, "Interrupted. Nothing was written.")
    assert count(empty, "users") == 0


# What is said


def test_seed_demo__says_what_is_there_and_how_to_repeat_it(empty: Database) -> None:
    out = re.sub(
        r"[\d,]+ (rows|s|students|courses|events)\b", r"N \1", seed_demo(empty, *SMALL).out
    )
    assert out == (
        "N rows in 24 tables in N s: 40 enrollments of N students in N courses, N events.\n"
        f"The same again: manage.py seed_demo --scale 40 --seed 1 --until {UNTIL}\n"
    )


def test_seed_demo_verbosity_0__says_nothing(empty: Database) -> None:
    assert seed_demo(empty, *SMALL, "--verbosity=0", out=Terminal()).out == ""


def test_seed_demo_on_a_terminal__shows_how_far_it_is(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "BATCH", 100)
    out = seed_demo(empty, *SMALL, out=Terminal()).out
    assert re.search(r"\r\x1b\[K\[#+\.+\]  \d\d %  \d+ of 40 enrollments", out)
    assert re.search(r"\r\x1b\[K\[#{30}\] 100 %  ([\d,]+) of \1 events\r\x1b\[K\d", out)
