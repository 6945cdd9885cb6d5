"""A platform with some 150,000 rows, for which PostgreSQL chooses realistic plans."""

from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from assessments.models import Assignment, Quiz
from communication.models import DiscussionPost, DiscussionThread
from courses.models import Course
from enrollments.models import Enrollment
from tests.queries.catalogue import Platform
from tests.support.contract import COLUMNS
from users.models import User

NOW = datetime(2026, 1, 1, tzinfo=UTC)  # as in data.sql
DATA = Path(__file__).with_name("data.sql")


def fill() -> None:
    """Insert and vacuum the rows, because plans depend on statistics and the visibility map."""
    with connection.cursor() as cursor:
        with transaction.atomic():
            cursor.execute(DATA.read_text())
        cursor.execute(f"VACUUM ANALYZE {', '.join(COLUMNS)}")


def empty() -> None:
    """Delete all rows, and drop the months of events."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE users CASCADE")
        for month in (10, 11, 12):
            cursor.execute(f"DROP TABLE analytics_events_2025_{month}")


def look_up() -> Platform:
    """Return rows with many related rows, and a typical student and educator."""
    return Platform(
        now=NOW,
        busy_user=User.objects.get(pk=generated_id("user", 1)),
        correspondent=User.objects.get(pk=generated_id("user", 1)),
        student=User.objects.get(pk=generated_id("user", 250)),
        educator=User.objects.get(pk=generated_id("user", 50)),
        course=Course.objects.get(pk=generated_id("course", 1)),
        enrollment=Enrollment.objects.get(pk=generated_id("enrollment", 2500)),
        quiz=Quiz.objects.get(pk=generated_id("quiz", 1)),
        assignment=Assignment.objects.get(pk=generated_id("assignment", 3)),
        conversation_id=generated_id("conversation", 1),
        thread=DiscussionThread.objects.get(pk=generated_id("thread", 1)),
        post=DiscussionPost.objects.get(pk=generated_id("post", 1)),
        words="dared topic42",
        event_type="type 3",
        payment_intent="pi_42",
        checkout_session="cs_42",
        subscription="sub_42",
        refund="re_42",
        certificate="C-50",
    )


def generated_id(kind: str, n: int) -> UUID:
    """Return the same id as pg_temp.id() in data.sql."""
    return UUID(md5(f"{kind}{n}".encode(), usedforsecurity=False).hexdigest())
