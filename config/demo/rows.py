"""Rows, and the tables that they belong to.

Values are text, numbers, booleans or None, which COPY accepts. All rows of a table come from one
function, so that they have the same columns in the same order. Columns that have their default in
all rows are left out.
"""

from json import JSONEncoder
from typing import Any, NamedTuple

from config.demo.randomness import stamp


class Row(NamedTuple):
    """A row: the name of its table, and the values of its columns."""

    table: str
    values: dict[str, Any]


def timestamped_row(table: str, key: str, created: int, **columns: Any) -> Row:
    """Return a row of a TimestampedModel. By default, it is unchanged since its creation."""
    times = {"created_at": stamp(created), "updated_at": stamp(created)}
    return Row(table, {"id": key, **times, **columns})


to_json = JSONEncoder(ensure_ascii=False).encode

TABLES = (
    "users",
    "user_profiles",
    "courses",
    "course_modules",
    "lessons",
    "quizzes",
    "questions",
    "assignments",
    "payments",
    "enrollments",
    "subscriptions",
    "refunds",
    "lesson_progress",
    "certificates",
    "quiz_submissions",
    "assignment_submissions",
    "messages",
    "discussion_threads",
    "discussion_posts",
    "announcements",
    "notifications",
    "course_analytics",
    "student_analytics",
    "analytics_events",
)
"""All tables, parents before their children."""
