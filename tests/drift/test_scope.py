"""The limits of a comparison: app labels, and VERIFY_SCHEMA_IGNORE."""

import pytest
from pytest_django import Settings

from tests.support.databases import Database
from tests.support.verify_schema import IDENTICAL, drift

OTHERS = (
    "CREATE TYPE legacy_state AS ENUM ('on')",
    "CREATE TABLE legacy_users (id integer, state legacy_state)",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('legacy', '0001_initial', now())",
)


def test_verify_schema_of_shared_database__drift(quick_clone: Database) -> None:
    with quick_clone.changed(*OTHERS):
        assert quick_clone.verify("-v0").verdict == drift(3)


def test_verify_schema_with_patterns__identical_and_counts_allowed_differences(
    quick_clone: Database, settings: Settings
) -> None:
    settings.VERIFY_SCHEMA_IGNORE = ["legacy_*", "legacy.*"]
    with quick_clone.changed(*OTHERS):
        assert quick_clone.verify("-v0").verdict == (
            0,
            f"{IDENTICAL[1]} VERIFY_SCHEMA_IGNORE allows 3 differences.",
        )


@pytest.mark.parametrize("pattern", ["legacy_*", "*"])
def test_verify_schema_with_pattern_that_matches_nothing__drift(
    quick_clone: Database, settings: Settings, pattern: str
) -> None:
    settings.VERIFY_SCHEMA_IGNORE = [pattern]
    run = quick_clone.verify()
    assert run.verdict == drift(1)
    assert finding(run.out) == (
        f"VS002  setting VERIFY_SCHEMA_IGNORE: the pattern {pattern!r} matches no difference\n"
        "  repair    remove the pattern"
    )


def finding(out: str) -> str:
    """Return the paragraph before the verdict."""
    return out.split("\n\n")[-2]


EXTRA = ("ALTER TABLE courses ADD extra integer", "CREATE INDEX extra_idx ON courses (extra)")


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("courses", 0),
        ("course?.*", 0),
        ("courses.extra", 1),
        ("extra_idx", 1),
        ("extra", 3),  # a column is matched by its full name only
    ],
)
def test_verify_schema_with_pattern__allows_objects_of_that_name(
    quick_clone: Database, settings: Settings, pattern: str, left: int
) -> None:
    settings.VERIFY_SCHEMA_IGNORE = [pattern]
    with quick_clone.changed(*EXTRA):
        status, verdict = quick_clone.verify("-v0").verdict
    assert (status, verdict.startswith(f"Drift: {left} ")) == ((1, True) if left else (0, False))


def test_verify_schema_with_pattern_of_table__app_of_same_name_is_compared(
    quick_clone: Database, settings: Settings
) -> None:
    settings.VERIFY_SCHEMA_IGNORE = ["courses"]
    forgotten = "DELETE FROM django_migrations WHERE app = 'courses'"
    with quick_clone.changed("ALTER TABLE courses ADD extra integer", forgotten):
        assert quick_clone.verify("-v0").verdict[0] == 1


@pytest.mark.parametrize(
    ("app_labels", "status"),
    [(["courses"], 1), (["payments", "courses"], 1), (["payments"], 0)],
)
def test_verify_schema_of_apps__compares_only_their_tables(
    quick_clone: Database, app_labels: list[str], status: int
) -> None:
    with quick_clone.changed(*OTHERS, "ALTER TABLE courses ADD extra integer"):
        assert quick_clone.verify(*app_labels, "-v0").status == status


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TYPE course_status RENAME VALUE 'draft' TO 'sketch'",
        "DELETE FROM django_migrations WHERE app = 'courses' AND name = '0001_initial'",
        "DROP TABLE lessons CASCADE",
        "ALTER TABLE courses ENABLE ROW LEVEL SECURITY",
    ],
)
def test_verify_schema_of_app__finds_drift_of_other_objects_than_columns(
    quick_clone: Database, statement: str
) -> None:
    with quick_clone.changed(statement):
        assert quick_clone.verify("courses", "-v0").status == 1


def test_verify_schema_of_apps__named_in_the_verdict(quick_clone: Database) -> None:
    assert quick_clone.verify("payments", "courses", "-v0").out == (
        "Identical: the live schema of courses, payments agrees with the models.\n"
    )


def test_verify_schema_of_app_with_patterns__unmatched_ones_are_not_reported(
    quick_clone: Database, settings: Settings
) -> None:
    settings.VERIFY_SCHEMA_IGNORE = ["legacy_*"]
    assert quick_clone.verify("courses", "-v0").status == 0
