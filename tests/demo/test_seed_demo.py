"""The command seed_demo: the rows that it writes, its refusals and its output."""

import re
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from config.demo import TABLES, loader
from tests.demo.command import UNTIL, count, digest, seed_demo
from tests.support.databases import Database
from tests.support.migrations import new_default_database, run_sql
from tests.support.terminal import Terminal

SMALL = ("--scale=40", f"--until={UNTIL}")
ADMINISTRATOR = "INSERT INTO users (email, password_hash, role) VALUES ('{}', '!', 'admin')"
CREATE_MAY = (
    "CREATE TABLE analytics_events_2026_05 PARTITION OF analytics_events"
    " FOR VALUES FROM ('2026-05-01 00:00Z') TO ('2026-06-01 00:00Z')"
)


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


# Refusals


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (
            "--scale=huge",
            "Invalid scale 'huge'. Pass small, medium, large, or a number of enrollments "
            "from 1 to 10000000.",
        ),
        (
            "--scale=0",
            "Invalid scale '0'. Pass small, medium, large, or a number of enrollments "
            "from 1 to 10000000.",
        ),
        ("--seed=-1", "Invalid seed '-1'. Pass an integer from 0 to 999999999."),
        ("--seed=x", "Invalid seed 'x'. Pass an integer from 0 to 999999999."),
        ("--until=soon", "Invalid day 'soon'. Pass YYYY-MM-DD, from 2000 to 2100."),
        (
            "--until=1999-01-01",
            "Invalid day '1999-01-01'. Pass YYYY-MM-DD, from 2000 to 2100.",
        ),
    ],
)
def test_seed_demo_wrong_value__is_refused(seeded: Database, argument: str, message: str) -> None:
    assert seed_demo(seeded, argument).verdict == (1, message)


def test_seed_demo_unknown_database__is_refused(seeded: Database) -> None:
    run = seed_demo(seeded, "--database=nowhere")
    assert run.status == 1
    assert run.err.startswith("Error: argument --database: invalid choice: 'nowhere'")


def test_seed_demo_not_migrated__is_refused(empty: Database) -> None:
    empty.execute("DELETE FROM django_migrations")
    run = seed_demo(empty)
    assert run.status == 1
    assert re.fullmatch(
        rf"Database {empty.name} lacks \d+ migrations, beginning with \w+\.0001_initial\. "
        r"Run manage\.py migrate\.",
        run.err,
    )


def test_seed_demo_with_data__is_refused(empty: Database) -> None:
    empty.execute("INSERT INTO users (email, password_hash, role) VALUES ('a@b.c', '', 'student')")
    assert seed_demo(empty).verdict == (
        1,
        f"Database {empty.name} is not empty: table users has 1 row. Pass --replace to delete all "
        "data except the accounts of administrators, or use an empty database.",
    )


def test_seed_demo_with_data__changes_nothing(seeded: Database) -> None:
    before = digest(seeded)
    seed_demo(seeded, "--seed=9")
    assert digest(seeded) == before


def test_seed_demo_with_data_if_empty__does_nothing(seeded: Database) -> None:
    run = seed_demo(seeded, "--if-empty")
    assert (run.status, run.out) == (0, "The database has data already, so nothing was added.\n")


def test_seed_demo_address_taken__is_refused(empty: Database) -> None:
    seed_demo(empty, *SMALL)
    [[email]] = empty.query("SELECT email FROM users ORDER BY email LIMIT 1")
    empty.execute("TRUNCATE users CASCADE", ADMINISTRATOR.format(email))
    assert seed_demo(empty, *SMALL).verdict == (
        1,
        f"Key (email)=({email}) already exists. Nothing was written. Pass another --seed.",
    )


# Existing rows


def test_seed_demo_with_administrators__fills(empty: Database) -> None:
    empty.execute(ADMINISTRATOR.format("boss@example.com"))
    assert seed_demo(empty, *SMALL).status == 0


def test_seed_demo__fills_the_pages_of_indexes(seeded: Database) -> None:
    [(size, entries)] = seeded.query("""
        SELECT pg_relation_size('lesson_progress_enrollment_lesson_uniq'), 44 * count(*)
          FROM lesson_progress
    """)
    assert entries / size > 0.75, "PostgreSQL fills the pages of a new index to 90 %."


def test_seed_demo_replace__keeps_administrators(empty: Database) -> None:
    empty.execute(ADMINISTRATOR.format("boss@example.com"))
    seed_demo(empty, *SMALL, "--replace")
    assert empty.query("SELECT email FROM users WHERE role = 'admin'") == [("boss@example.com",)]


class InterruptedTerminal(Terminal):
    """A terminal at which Ctrl-C is pressed when the first events are reported."""

    def write(self, text: str) -> int:
        if "events" in text:
            raise KeyboardInterrupt
        return super().write(text)


def test_seed_demo_interrupted__writes_nothing(empty: Database) -> None:
    run = seed_demo(empty, *SMALL, out=InterruptedTerminal())
    assert (run.status, run.err) == (130, "Interrupted. Nothing was written.")
    assert count(empty, "users") == 0


# Output


def test_seed_demo__reports_the_rows_and_how_to_repeat_them(empty: Database) -> None:
    out = re.sub(
        r"[\d,]+ (rows|s|students|courses|events)\b", r"N \1", seed_demo(empty, *SMALL).out
    )
    assert out == (
        "N rows in 24 tables in N s: 40 enrollments of N students in N courses, N events.\n"
        f"To repeat: manage.py seed_demo --scale 40 --seed 1 --until {UNTIL}\n"
    )


def test_seed_demo_verbosity_0__prints_nothing(empty: Database) -> None:
    assert seed_demo(empty, *SMALL, "--verbosity=0", out=Terminal()).out == ""


def test_seed_demo_on_a_terminal__shows_its_progress(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "BATCH_ROWS", 100)
    out = seed_demo(empty, *SMALL, out=Terminal()).out
    assert re.search(r"\r\x1b\[K\[#+\.+\]  \d\d %  \d+ of 40 enrollments", out)
    assert re.search(r"\r\x1b\[K\[#{30}\] 100 %  ([\d,]+) of \1 events\r\x1b\[K\d", out)


def months(database: Database) -> list[str]:
    """Return the partitions of events, without the name of the table."""
    found = database.query(
        "SELECT inhrelid::regclass::text FROM pg_inherits"
        " WHERE inhparent = 'analytics_events'::regclass ORDER BY 1"
    )
    return [name.removeprefix("analytics_events_") for (name,) in found]


def test_seed_demo__creates_months_from_the_first_event_to_the_newest_month(
    empty: Database,
) -> None:
    empty.execute(CREATE_MAY)
    seed_demo(empty, "--scale=5", "--seed=7", f"--until={UNTIL}")
    [[first]] = empty.query(
        "SELECT to_char(min(timestamp) AT TIME ZONE 'UTC', 'YYYY_MM') FROM analytics_events"
    )
    created = months(empty)
    assert (created[0], created[-4:]) == (first, ["2026_03", "2026_04", "2026_05", "default"])
    assert count(empty, "analytics_events_default") == 0


def test_seed_demo_without_months__creates_those_of_its_events(empty: Database) -> None:
    seed_demo(empty, "--scale=5", "--seed=7", f"--until={UNTIL}")
    assert months(empty)[-2:] == ["2026_02", "default"]
    assert count(empty, "analytics_events_default") == 0


def test_seed_demo_of_long_ago__creates_no_months_after_its_events(empty: Database) -> None:
    empty.execute(CREATE_MAY)
    seed_demo(empty, "--scale=5", "--seed=7", "--until=2001-01-01")
    assert months(empty)[-3:] == ["2000_12", "2026_05", "default"]
    assert count(empty, "analytics_events_default") == 0


def test_seed_demo_replace__keeps_the_months(empty: Database) -> None:
    seed_demo(empty, "--scale=5", "--seed=7", f"--until={UNTIL}")
    before = months(empty)
    run = seed_demo(empty, "--scale=5", "--seed=7", f"--until={UNTIL}", "--replace")
    assert (run.status, months(empty)) == (0, before)


def test_seed_demo_with_autocommit_off__writes_rows_that_stay_and_vacuums(
    migrated: str, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), new_default_database(migrated):
        connection.settings_dict["AUTOCOMMIT"] = False
        call_command("seed_demo", *SMALL, stdout=StringIO())
        connection.close()
        [(users, counted)] = run_sql(
            "SELECT (SELECT count(*) FROM users), reltuples FROM pg_class"
            " WHERE oid = 'users'::regclass"
        )
    assert users == counted
