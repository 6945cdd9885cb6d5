"""The plots of the dashboard, each with its numbers as a table."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import Error, connection
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from config.admin import TooSlowError, about, at_most
from config.admin_pages import charts, figures
from config.admin_pages.charts import Bar
from config.admin_pages.figures import Weeks
from config.admin_pages.verdict import last_verdict
from config.console import counted_bytes
from config.drift import read_advice, read_apps
from config.postgres.catalog import read_disk_usage, read_schema
from config.replica import reads_replica

PLOT_MILLISECONDS = 300  # time limit of each query of a plot
CACHE_SECONDS = 60
LARGEST_TABLES = 6  # number of tables in the plot of sizes
NOTES = 3  # maximum number of notes of one kind in the list; further notes are counted
STATUSES = ("completed", "active", "dropped")

type Cells = Sequence[str]


@dataclass(frozen=True)
class Plot:
    """A chart with a description and with its numbers as a table."""

    name: str
    title: str
    headline: str
    """The most important number."""
    description: str
    svg: str = ""
    head: Cells = ()
    rows: Sequence[Cells] = ()
    legend: Cells = ()
    notes: Cells = ()
    link: str = ""
    state: str = ""
    """`good`, `bad`, `unknown`, or empty for a plot without a judgement."""


type Draw = Callable[[datetime], Plot]


def read_plots() -> list[Plot]:
    """Return all plots, at most `CACHE_SECONDS` old."""
    verdict = last_verdict()
    zone = timezone.get_current_timezone_name()
    key = f"admin_pages.plots.{zone}.{verdict.at.timestamp() if verdict else 0}"
    plots: list[Plot] | None = cache.get(key)
    if plots is None:
        now = timezone.now()
        plots = [_attempt(title, plot, now) for title, plot in PLOTS.items()]
        cache.set(key, plots, CACHE_SECONDS)
    return plots


def _attempt(title: str, plot: Draw, now: datetime) -> Plot:
    """Return the plot or, if a query fails, a plot that shows the reason."""
    read = _in_time if plot is schema_health else reads_replica(_in_time)
    try:
        return read(plot, now)
    except TooSlowError:
        reason = f"the query took over {PLOT_MILLISECONDS} ms"
    except Error as error:
        reason = str(error).splitlines()[0]
    name = title.lower().replace(" ", "-")
    return Plot(name, title, "Unknown", f"Not drawn: {reason}.", state="unknown")


def _in_time(plot: Draw, now: datetime) -> Plot:
    with at_most(PLOT_MILLISECONDS):
        return plot(now)


def enrollments(now: datetime) -> Plot:
    weeks = figures.enrollments_by_week(now)
    return _weekly("Enrollments", weeks, "enrollments", "admin:enrollments_enrollment_changelist")


def revenue(now: datetime) -> Plot:
    (currency, weeks), *others = figures.revenue_by_week(now).items()
    plot = _weekly("Revenue", weeks, currency, "admin:payments_payment_changelist")
    totals = [f"{sum(w.sums.values()):,.0f} {name}" for name, w in others]
    if not totals:
        return plot
    return replace(plot, notes=[*plot.notes, f"Not in the chart: {', '.join(totals)}."])


def _weekly(title: str, weeks: Weeks, unit: str, page: str) -> Plot:
    number = "{:,.0f}".format if weeks.fraction_read == 1 else about
    sums = [(f"{monday:%-d %b}", round(value)) for monday, value in weeks.sums.items()]
    bars = [
        Bar(label, [value], [f"Week of {label}: {number(value)} {unit}"]) for label, value in sums
    ]
    total = round(sum(weeks.sums.values()))
    estimated = f"Estimated from {weeks.fraction_read:.0%} of the table."
    return Plot(
        title.lower(),
        title,
        f"{number(total)} {unit}",
        f"{title} per week in the last {figures.WEEKS} weeks; the current week is incomplete.",
        charts.columns(bars, every=5),
        ("week of", unit or "amount"),
        [(label, number(value)) for label, value in sums],
        notes=[estimated] if weeks.fraction_read < 1 else [],
        link=reverse(page),
    )


def completion(_: datetime) -> Plot:
    courses = figures.completion_by_course()
    bars, total = [], 0
    for title, *counts in courses:
        students = sum(counts)
        shares = [100 * count / students for count in counts]
        bars.append(_bar(title, counts, STATUSES, f"{shares[0]:.0f}% of {students:,}", shares))
        total += students
    share = sum(course.completed for course in courses) / (total or 1)
    return Plot(
        "completion",
        "Completion by course",
        f"{share:.0%} completed" if courses else "No figures yet",
        f"Enrollments of the {len(courses)} courses with the most students, by status.",
        charts.bars(bars, whole=100),
        ("course", *STATUSES),
        [(title, *_numbers(counts)) for title, *counts in courses],
        legend=STATUSES,
        notes=["Numbers from the last run of the job that fills course_analytics."],
        link=reverse("admin:analytics_courseanalytics_changelist"),
    )


def activity(now: datetime) -> Plot:
    found = figures.events_by_hour(now)
    events, total = found.events, sum(found.events.values())
    days = [figures.midnight(now) - timedelta(days=n) for n in reversed(range(figures.DAYS))]
    cells = [[events.get(day.replace(hour=hour), 0) for hour in range(24)] for day in days]
    labels = [f"{day:%a %-d}" for day in days]
    return Plot(
        "activity",
        "Activity by hour",
        f"{f'{total:,}' if found.exact else about(total)} events",
        f"Events of the last {figures.DAYS} days by hour, {timezone.get_current_timezone_name()}.",
        charts.heat_map(labels, {hour: f"{hour}:00" for hour in range(0, 24, 6)}, cells),
        ("hour", *labels),
        [(f"{hour}:00", *_numbers(row[hour] for row in cells)) for hour in range(24)],
        notes=[] if found.exact else ["Estimated, since there are too many events to count."],
        link=reverse("admin:analytics_analyticsevent_changelist"),
    )


def grading(now: datetime) -> Plot:
    queues = figures.waiting_for_a_grade(now)
    ages = tuple(figures.AGES)
    sums = {queue.name: sum(queue.counts) for queue in queues}
    return Plot(
        "grading",
        "Grading queue",
        f"{sum(sums.values()):,} waiting",
        "Submissions that wait for a grade, by waiting time.",
        charts.bars([_bar(q.name, q.counts, ages, f"{sums[q.name]:,}") for q in queues]),
        ("waiting time", *sums),
        [(age, *_numbers(queue.counts[n] for queue in queues)) for n, age in enumerate(ages)],
        legend=ages,
        notes=[
            f"{queue.name}: the oldest has waited for {timesince(queue.oldest, now, depth=1)}."
            for queue in queues
            if queue.oldest
        ],
        link=reverse("admin:assessments_assignmentsubmission_changelist"),
    )


def _bar(
    label: str,
    counts: Sequence[int],
    names: Sequence[str],
    note: str,
    values: Sequence[float] | None = None,
) -> Bar:
    """Return a bar of `values` or, by default, of the counts. The tooltips show the counts."""
    hints = [f"{label}: {count:,} {name}" for count, name in zip(counts, names, strict=True)]
    return Bar(label, values or counts, hints, note)


def _numbers(counts: Iterable[int]) -> Cells:
    return tuple(f"{count:,}" for count in counts)


def schema_health(_: datetime) -> Plot:
    """Return a plot of the largest tables, with the advice and last verdict of verify_schema.

    The plot reads the primary, because a replica has only statistics of its own queries.
    """
    found = read_schema(connection)
    own = [table for app in read_apps() if not app.package for table in app.tables]
    usage = {name: used for name, used in read_disk_usage(connection, found).items() if name in own}
    largest = sorted(usage, key=lambda name: -usage[name].total)[:LARGEST_TABLES]
    # Leave out VA03: an index may seem unused only because the statistics are new.
    advice = [a for a in read_advice(connection, found, own, own) if a.code != "VA03"]
    missing = [f"Table {name} is missing." for name in own if name not in usage]
    verdict = last_verdict()
    state = verdict.sentence if verdict else "The schema has not been compared with the models yet."
    bad = bool(missing or (verdict and verdict.state == "bad"))
    parts = {name: (usage[name].heap, usage[name].all_indexes) for name in largest}
    return Plot(
        "health",
        "Health of the schema",
        counted_bytes(sum(used.total for used in usage.values())),
        f"The {len(largest)} largest tables.",
        charts.bars([_size_bar(name, *sizes) for name, sizes in parts.items()]),
        ("table", "rows and TOAST", "indexes"),
        [(name, *map(counted_bytes, sizes)) for name, sizes in parts.items()],
        legend=("rows", "indexes"),
        notes=[state, *_first(missing), *_first([f"{a.code}: {a.message}" for a in advice])],
        link=reverse("admin_pages:schema"),
        state="bad" if bad else verdict.state if verdict else "unknown",
    )


def _first(notes: Sequence[str]) -> list[str]:
    """Return the notes or, if there are too many, the first `NOTES` and how many are left."""
    left = len(notes) - NOTES
    if left <= 1:
        return list(notes)
    return [*notes[:NOTES], f"… and {left} more. Run manage.py verify_schema to list them."]


def _size_bar(name: str, heap: int, indexes: int) -> Bar:
    parts = (f"{name}: {counted_bytes(heap)} rows", f"{name}: {counted_bytes(indexes)} indexes")
    return Bar(name, [heap, indexes], parts, counted_bytes(heap + indexes))


PLOTS: dict[str, Draw] = {
    "Enrollments": enrollments,
    "Revenue": revenue,
    "Activity by hour": activity,
    "Completion by course": completion,
    "Grading queue": grading,
    "Health of the schema": schema_health,
}
