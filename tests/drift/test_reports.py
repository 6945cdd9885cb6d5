"""The output of verify_schema in each format."""

import json
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from subprocess import CalledProcessError
from typing import LiteralString

import pytest
from pytest_django import Settings

import payments.models
from tests.support.databases import Database
from tests.support.programs import run_program
from tests.support.terminal import Terminal
from tests.support.verify_schema import IDENTICAL, drift

CHANGES: tuple[LiteralString, ...] = (
    "ALTER TABLE courses ALTER price SET DEFAULT 1",
    "ALTER TABLE refunds ADD note text NOT NULL DEFAULT ''",
    "DROP INDEX refunds_payment_idx",
)


def paragraphs(out: str) -> list[str]:
    """Return all paragraphs after the first one: tables, totals, findings and verdict."""
    return out.rstrip("\n").split("\n\n")[1:]


def test_text_of_identical_schema__line_for_each_table_and_totals(quick_clone: Database) -> None:
    tables, totals, verdict = paragraphs(quick_clone.verify("notifications", "auth").out)
    assert tables.splitlines() == [
        "                                 columns  uniques    fkeys   checks  indexes",
        "notifications",
        "  ok     notifications                12        -        1        5        4",
        "django",
        "  ok     auth_permission               4        1        1        -        3",
        "  ok     auth_group_permissions        3        1        2        -        4",
        "  ok     auth_group                    2        1        -        -        3",
    ]
    assert totals.splitlines() == [
        "1 table, 2 enum types                 12        -        1        5        4",
        "3 tables of django                     9        3        3        -       10",
    ]
    assert verdict == ("Identical: the live schema of auth, notifications agrees with the models.")


def test_text_of_whole_schema__totals_of_the_project_and_of_django(
    quick_clone: Database,
) -> None:
    _, totals, verdict = paragraphs(quick_clone.verify().out)
    assert totals.splitlines() == [
        "24 tables, 16 enum types             293       17       43      150       93",
        "7 tables of django                    27        4        5        1       19",
    ]
    assert verdict == IDENTICAL[1]


def test_text_of_drift__expected_found_and_repair(quick_clone: Database) -> None:
    with quick_clone.changed(*CHANGES):
        _, _, *findings, _, verdict = paragraphs(quick_clone.verify().out)
    assert findings == [
        "VS203  column courses.price: default\n"
        "  expected  0\n"
        "  found     1\n"
        '  repair    ALTER TABLE "courses" ALTER COLUMN "price" SET DEFAULT 0;',
        "VS202  column refunds.note is extra\n"
        "  expected  nothing\n"
        "  found     text, not null, default ''::text\n"
        '  repair    -- DESTRUCTIVE: ALTER TABLE "refunds" DROP COLUMN "note";',
        "VS601  index refunds.refunds_payment_idx is missing\n"
        "  expected  CREATE INDEX refunds_payment_idx ON refunds USING btree (payment_id)\n"
        "  found     nothing\n"
        "  repair    CREATE INDEX refunds_payment_idx ON refunds USING btree (payment_id);",
    ]
    assert verdict == drift(3)[1]


def test_text_of_disabled_triggers__in_words(quick_clone: Database) -> None:
    with quick_clone.changed("ALTER TABLE user_profiles DISABLE TRIGGER ALL"):
        finding = paragraphs(quick_clone.verify("users").out)[2]
    assert finding.splitlines()[:3] == [
        "VS403  foreign key user_profiles.user_profiles_user_id_fk: enforcing triggers",
        "  expected  enabled",
        "  found     disabled, enabled",
    ]


def test_text_of_hidden_table__names_the_next_step(quick_clone: Database) -> None:
    shadow = quick_clone.query("SELECT current_user")[0][0]
    with quick_clone.changed(f"""CREATE SCHEMA "{shadow}" CREATE TABLE lessons (id int)"""):
        finding = paragraphs(quick_clone.verify("courses").out)[2]
    assert finding.splitlines()[-1].endswith("rename the other object, or change the search_path")


def test_text_of_drift__marks_the_table(quick_clone: Database) -> None:
    with quick_clone.changed(*CHANGES):
        tables, *_ = paragraphs(quick_clone.verify("payments").out)
    assert [line.split()[:2] for line in tables.splitlines()[2:]] == [
        ["ok", "payments"],
        ["ok", "subscriptions"],
        ["DRIFT", "refunds"],
    ]


def test_text_of_long_definitions__marks_the_differences(
    quick_clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    check: tuple[LiteralString, ...] = (
        "ALTER TABLE discussion_posts DROP CONSTRAINT discussion_posts_upvote_count_check",
        "ALTER TABLE discussion_posts ADD CONSTRAINT discussion_posts_upvote_count_check"
        " CHECK (upvote_count > 0)",
    )
    with quick_clone.changed(*check):
        finding = paragraphs(quick_clone.verify().out)[2]
    assert finding.splitlines()[:5] == [
        "VS503  check discussion_posts.discussion_posts_upvote_count_check: definition",
        "  expected  CHECK ((upvote_count >= 0))",
        "                                  ^",
        "  found     CHECK ((upvote_count > 0))",
        '  repair    ALTER TABLE "discussion_posts" DROP CONSTRAINT '
        '"discussion_posts_upvote_count_check";',
    ]


def test_text_of_missing_table__counts_parts_and_abbreviates_repair(
    shared_clone: Database,
) -> None:
    with shared_clone.changed("DROP TABLE student_analytics"):
        finding = paragraphs(shared_clone.verify().out)[2]
    assert finding.splitlines() == [
        "VS101  table student_analytics is missing",
        "  expected  11 columns, 1 primary key, 1 foreign key, 10 checks",
        "  found     nothing",
        '  repair    CREATE TABLE "student_analytics" (',
        '                "user_id" uuid NOT NULL,',
        '                "total_courses_enrolled" integer DEFAULT 0 NOT NULL,',
        '                "courses_completed" integer DEFAULT 0 NOT NULL,',
        "            ... and 30 more lines; --sql prints them",
    ]


def test_text_at_verbosity_2__whole_repair(quick_clone: Database) -> None:
    with quick_clone.changed("DROP TABLE student_analytics"):
        finding = paragraphs(quick_clone.verify("-v2").out)[2]
    assert len(finding.splitlines()) == 37


def test_text_at_verbosity_0__verdict_only(quick_clone: Database) -> None:
    assert quick_clone.verify("-v0").out == f"{IDENTICAL[1]}\n"


def test_text_of_control_characters__escaped(quick_clone: Database) -> None:
    with quick_clone.changed(r"COMMENT ON TABLE refunds IS E'\033[31mred\007'"):
        finding = paragraphs(quick_clone.verify().out)[2]
    assert finding.splitlines()[2] == r"  found     \x1b[31mred\x07"


def test_text_on_ascii_stdout__escaped(
    quick_clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdout = TextIOWrapper(BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    with quick_clone.changed("COMMENT ON TABLE refunds IS 'Rückzahlung'"):
        assert quick_clone.verify(to_stdout=True).status == 1
    stdout.seek(0)
    assert "  found     R\\xfcckzahlung" in stdout.read()


# Colour


@pytest.mark.parametrize(
    ("arguments", "no_color", "colored"),
    [
        ([], "", True),
        ([], "1", False),
        (["--no-color"], "", False),
        (["--force-color"], "1", True),
    ],
)
def test_text_on_terminal__colored_unless_refused(
    quick_clone: Database,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    no_color: str,
    colored: bool,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("NO_COLOR", no_color)
    assert quick_clone.verify(*arguments, to_stdout=True).status == 0
    assert ("\x1b" in terminal.getvalue()) == colored


def test_text_on_another_stream_than_the_terminal__not_colored(
    quick_clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert "\x1b" not in quick_clone.verify().out


# JSON


def test_json_of_drift__whole_object(quick_clone: Database) -> None:
    with quick_clone.changed(*CHANGES):
        result = json.loads(quick_clone.verify("payments", "--format", "json").out)
        server_version = server_version_of(quick_clone)
    index = "CREATE INDEX refunds_payment_idx ON refunds USING btree (payment_id)"
    drop_column = 'ALTER TABLE "refunds" DROP COLUMN "note";'
    [extra, missing] = result.pop("drifts")
    assert result == {
        "format": 1,
        "verdict": "drift",
        "server_version": server_version,
        "database": quick_clone.name,
        "schema": "public",
        "apps": ["payments"],
        "counts": {
            "check": 14,
            "column": 32,
            "enum type": 3,
            "foreign key": 5,
            "index": 8,
            "primary key": 3,
            "table": 3,
            "unique constraint": 4,
        },
        "ignored": 0,
        "advice": [
            {
                "code": "VA01",
                "message": "Foreign key refunds_payment_id_fk of table refunds has no index, so "
                "deleting a referenced row reads the whole table.",
            }
        ],
    }
    assert extra.pop("found").items() >= {"type": "text", "not null": True}.items()
    assert extra == {
        "code": "VS202",
        "kind": "column",
        "table": "refunds",
        "name": "note",
        "problem": "extra",
        "attribute": "",
        "expected": None,
        "repair": [{"sql": drop_column, "destructive": True}],
    }
    assert missing.pop("expected")["definition"] == index
    assert missing == {
        "code": "VS601",
        "kind": "index",
        "table": "refunds",
        "name": "refunds_payment_idx",
        "problem": "missing",
        "attribute": "",
        "found": None,
        "repair": [{"sql": f"{index};", "destructive": False}],
    }


def server_version_of(database: Database) -> int:
    [(version,)] = database.query("SELECT current_setting('server_version_num')::int")
    return int(version)


# GitHub


def test_github_of_drift__annotation_at_the_model(quick_clone: Database) -> None:
    with quick_clone.changed("ALTER TABLE refunds ALTER amount SET DEFAULT 1"):
        lines = quick_clone.verify("--format", "github").out.splitlines()
    [line] = [
        number
        for number, text in enumerate(
            Path(payments.models.__file__).read_text().splitlines(), start=1
        )
        if text.startswith("class Refund(")
    ]
    assert lines == [
        f"::error file=payments/models.py,line={line},title=VS203 column refunds.amount%3A default"
        "::expected: none%0Afound: 1",
        drift(1)[1],
    ]


def test_github_of_changed_labels__annotation_at_the_enum(quick_clone: Database) -> None:
    with quick_clone.changed("ALTER TYPE refund_status RENAME VALUE 'failed' TO '50%, or so'"):
        annotation, _ = quick_clone.verify("--format", "github").out.splitlines()
    assert annotation.startswith("::error file=payments/enums.py,line=")
    assert annotation.endswith(
        "::expected: pending, succeeded, failed%0Afound: pending, succeeded, 50%25, or so"
    )


def test_github_of_drift_in_a_table_of_django__annotation_without_a_file(
    quick_clone: Database,
) -> None:
    with quick_clone.changed("ALTER TABLE auth_group ALTER name SET DEFAULT ''"):
        annotation, _ = quick_clone.verify("--format", "github").out.splitlines()
    assert annotation.startswith("::error title=VS203 column auth_group.name%3A default::")


# The script

NOT_WHOLE = (
    "-- This is not one transaction. If it fails, correct the cause, and run verify_schema again."
)


def test_sql_of_identical_schema__empty(quick_clone: Database) -> None:
    assert quick_clone.verify("--sql").out == ""


def test_sql_of_drift__script_with_header(quick_clone: Database, settings: Settings) -> None:
    settings.VERIFY_SCHEMA_IGNORE = ["nothing"]
    with quick_clone.changed(*CHANGES):
        run = quick_clone.verify("--sql")
    assert (run.status, run.out.splitlines()) == (
        1,
        [
            f"-- verify_schema: 4 differences in schema public of database {quick_clone.name}.",
            "-- Read this script, and then run: psql --set ON_ERROR_STOP=on --file FILE",
            "-- Destructive statements, commented out: 1. Search for DESTRUCTIVE.",
            "-- Differences that this script does not repair: 1. Run verify_schema.",
            'SET search_path = "public", "$user", public;',
            "BEGIN;",
            "SET CONSTRAINTS ALL IMMEDIATE;",
            'ALTER TABLE "courses" ALTER COLUMN "price" SET DEFAULT 0;',
            "CREATE INDEX refunds_payment_idx ON refunds USING btree (payment_id);",
            '-- DESTRUCTIVE: ALTER TABLE "refunds" DROP COLUMN "note";',
            "COMMIT;",
        ],
    )


def test_sql_of_name_with_line_break__each_line_commented_out(quick_clone: Database) -> None:
    with quick_clone.changed('CREATE TABLE "x\nDROP TABLE users; --" ()'):
        script = quick_clone.verify("--sql").out
    assert script.endswith('-- DESTRUCTIVE: DROP TABLE "x\n-- DROP TABLE users; --";\nCOMMIT;\n')


def test_sql_that_stops_at_a_row_with_a_removed_label__changes_nothing(clone: Database) -> None:
    clone.execute(
        "ALTER TYPE role ADD VALUE 'guest'",
        "INSERT INTO users (email, password_hash, role) VALUES ('a@b.org', 'x', 'guest')",
    )
    script = clone.verify("--sql").out
    with pytest.raises(CalledProcessError):
        run_program("psql", clone, "--set", "ON_ERROR_STOP=on", input=script.encode())
    assert clone.query("SELECT to_regtype('old_role')") == [(None,)]


def test_sql_that_adds_a_label__says_that_it_is_not_one_transaction(clone: Database) -> None:
    clone.execute("ALTER TYPE role RENAME TO spare", "CREATE TYPE role AS ENUM ('student')")
    lines = clone.verify("--sql").out.splitlines()
    assert NOT_WHOLE in lines
    assert "BEGIN;" not in lines


def test_sql_on_stdout_that_lacks_characters__status_2(
    quick_clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(BytesIO(), encoding="ascii"))
    with quick_clone.changed('CREATE TABLE "bücher" ()'):
        run = quick_clone.verify("--sql", to_stdout=True)
    assert (run.status, run.err) == (
        2,
        "The script has characters that stdout's encoding ascii lacks. Set PYTHONIOENCODING=utf-8.",
    )
