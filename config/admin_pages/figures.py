"""The figures of the dashboard.

Each query reads a bounded part of the database: a range of an index, a summary table, or some pages
of a table. From these pages, the figures of the whole table are estimated.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Count, F, Min, Q
from django.db.models.functions import TruncHour
from django.utils import timezone

from analytics.models import AnalyticsEvent, CourseAnalytics
from assessments.models import AssignmentSubmission, QuizSubmission
from config.admin import TooSlowError, at_most
from config.postgres import read_rows
from config.replica import reader
from enrollments.models import Enrollment
from payments.enums import PaymentStatus
from payments.models import Payment

PAGES = 4_000  # pages of 8 kB that a sum reads; they hold about 250,000 enrollments
PROBES = 5_000  # pages of which a query reads one event each
EVENTS_MILLISECONDS = 50  # time limit of reading all events of the last days
WEEKS = 26
DAYS = 7
COURSES = 8


class Heap(NamedTuple):
    """The size of a table or partition on disk."""

    name: str
    """The name, quoted for SQL."""
    pages: int
    rows: float


HEAPS = """
SELECT oid::regclass::text, pg_relation_size(oid) / 8192, greatest(reltuples, 0)
  FROM pg_class
 WHERE oid IN (SELECT to_regclass(%(table)s)
               UNION SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass(%(table)s))
   AND relkind = 'r'
"""


def _heaps(model: type[models.Model]) -> list[Heap]:
    """Return the heap of a table or, if the table is partitioned, of each partition."""
    rows = read_rows(reader(), HEAPS, {"table": model._meta.db_table})
    return list(map(Heap._make, rows))


@dataclass(frozen=True)
class Weeks:
    """Sums by the Monday of their week, oldest first. Weeks without rows have a sum of 0."""

    sums: Mapping[datetime, Decimal]
    fraction_read: float
    """The part of the table that was read. If it is below 1, the sums are estimates."""


def enrollments_by_week(now: datetime) -> Weeks:
    """Return the number of enrollments per week."""
    [(_, weeks)] = _sums_by_week(now, Enrollment, "enrolled_at", "count(*)", "''").items()
    return weeks


def revenue_by_week(now: datetime) -> dict[str, Weeks]:
    """Return the sum of payments per week by currency, the most frequent currency first."""
    return _sums_by_week(
        now, Payment, "created_at", "sum(amount)", "currency", PaymentStatus.SUCCEEDED
    )


def _sums_by_week(
    now: datetime,
    model: type[models.Model],
    time: str,
    value: str,
    group: str,
    status: str | None = None,
) -> dict[str, Weeks]:
    table, mondays = model._meta.db_table, mondays_until(now)
    fraction_read = min(1.0, PAGES / max(sum(heap.pages for heap in _heaps(model)), 1))
    sample = (
        "" if fraction_read == 1 else f"TABLESAMPLE SYSTEM ({fraction_read * 100}) REPEATABLE (0)"
    )
    rows = read_rows(
        reader(),
        # No part is user input. width_bucket() takes half as long as date_trunc().
        f"SELECT {group}, width_bucket({time}, %s::timestamptz[]), {value}, count(*)"  # noqa: S608
        f"  FROM {table} {sample} WHERE {time} >= %s AND {time} < %s"
        + (" AND status = %s" if status else "")
        + " GROUP BY 1, 2",
        [mondays, mondays[0], now, *([status] if status else [])],
    )
    return _by_group(rows, mondays, fraction_read)


def midnight(now: datetime) -> datetime:
    """Return the beginning of the day of `now` in the current time zone."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def mondays_until(now: datetime) -> list[datetime]:
    """Return the beginnings of the last weeks in the current time zone."""
    today = midnight(now)
    monday = today - timedelta(days=today.weekday())
    return [monday - timedelta(weeks=n) for n in reversed(range(WEEKS))]


def _by_group(
    rows: Sequence[tuple[str, int, Decimal, int]], mondays: Sequence[datetime], fraction_read: float
) -> dict[str, Weeks]:
    counts = Counter[str]()
    for group, _, _, count in rows:
        counts[group] += count
    groups = [group for group, _ in counts.most_common()] or [""]
    sums = {group: dict.fromkeys(mondays, Decimal()) for group in groups}
    for group, number, value, _ in rows:
        sums[group][mondays[number - 1]] = Decimal(value) / Decimal(fraction_read)
    return {group: Weeks(sums[group], fraction_read) for group in groups}


@dataclass(frozen=True)
class Activity:
    """The number of events by hour, without empty hours."""

    events: Mapping[datetime, int]
    exact: bool = True


def events_by_hour(now: datetime) -> Activity:
    """Count the events of the last days by hour, or estimate them if the count takes too long."""
    since = midnight(now) - timedelta(days=DAYS - 1)
    hours = (
        AnalyticsEvent.objects.between(since, now)
        .order_by()
        .values_list(TruncHour("timestamp"))
        .annotate(events=Count("*"))
    )
    try:
        with at_most(EVENTS_MILLISECONDS):
            return Activity(dict(hours))
    except TooSlowError:
        return Activity(estimated(since, now), exact=False)


def estimated(since: datetime, until: datetime) -> dict[datetime, int]:
    """Estimate the events by hour from evenly spaced pages of the table or its partitions."""
    found = Counter[datetime]()
    for heap in _heaps(AnalyticsEvent):
        found.update(_estimated_in(heap, since, until))
    return dict(found)


def _estimated_in(heap: Heap, since: datetime, until: datetime) -> dict[datetime, int]:
    """Estimate the events by hour from evenly spaced pages that contain the recent events.

    Events arrive in order of time, so the events of an hour are on neighbouring pages. Evenly
    spaced pages therefore give a better estimate than random pages, which form clusters.
    """
    coarse = _evenly(0, heap.pages, PROBES // 5)
    recent = [page for page, time in _probed(heap, [*coarse, heap.pages - 1]) if time >= since]
    if not recent:
        return {}
    first = max(min(recent) - coarse.step, 0)
    fine = _evenly(first, heap.pages, PROBES)
    found = Counter(_hour(time) for _, time in _probed(heap, fine) if since <= time < until)
    return {hour: round(n * fine.step * heap.rows / heap.pages) for hour, n in found.items()}


def _evenly(first: int, end: int, number: int) -> range:
    return range(first, end, max((end - first) // number, 1))


def _probed(heap: Heap, pages: Iterable[int]) -> list[tuple[int, datetime]]:
    """Return the page number and the time of the first event of each page."""
    return read_rows(
        reader(),
        f"SELECT (ctid::text::point)[0]::bigint, timestamp FROM {heap.name}"  # noqa: S608
        " WHERE ctid = ANY (%s::tid[])",
        [[f"({page},1)" for page in pages if page >= 0]],
    )


def _hour(time: datetime) -> datetime:
    return timezone.localtime(time).replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class GradingQueue:
    """The submissions that wait for a grade: their number by age, and the time of the oldest."""

    name: str
    counts: Sequence[int]
    oldest: datetime | None


AGES = {"under a day": 1, "1 to 3 days": 3, "3 to 7 days": 7, "1 to 4 weeks": 28, "over 4 weeks": 0}
"""The upper limit of each group of ages in days, or 0 for no limit."""


def waiting_for_a_grade(now: datetime) -> list[GradingQueue]:
    """Return the grading queues. The queries read the partial indexes of waiting submissions."""
    waiting: dict[str, models.QuerySet[Any]] = {
        "Quiz attempts": QuizSubmission.objects.awaiting_review(),
        "Assignments": AssignmentSubmission.objects.awaiting_review(),
    }
    return [_queue(name, queryset, now) for name, queryset in waiting.items()]


def _queue(name: str, waiting: models.QuerySet[Any], now: datetime) -> GradingQueue:
    bounds = [now - timedelta(days=days) for days in AGES.values()]
    older = {
        f"older_{n}": Count("submitted_at", filter=Q(submitted_at__lte=bound))
        for n, bound in enumerate(bounds[:-1])
    }
    found = waiting.order_by().aggregate(all=Count("*"), oldest=Min("submitted_at"), **older)
    cumulative = [found["all"], *(found[name] for name in older), 0]
    counts = [more - fewer for more, fewer in pairwise(cumulative)]
    return GradingQueue(name, counts, found["oldest"])


class Completion(NamedTuple):
    """The enrollments of a course by status."""

    title: str
    completed: int
    active: int
    dropped: int


def completion_by_course() -> list[Completion]:
    """Return the courses with the most students, from the summary table of courses."""
    dropped = F("total_enrollments") - F("completion_count") - F("active_enrollments")
    figures = (
        CourseAnalytics.objects.filter(total_enrollments__gt=0)
        .order_by("-total_enrollments", "course_id")
        .values_list("course__title", "completion_count", "active_enrollments", dropped)
    )
    return list(map(Completion._make, figures[:COURSES]))
