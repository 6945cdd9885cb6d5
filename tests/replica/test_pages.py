"""Pages while the standby is behind, is down, or stops before a page is complete."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from config import deadline
from config.admin import bounds, export
from config.database_url import parse_database_url
from config.replica import health, reader, reading, reads_replica, watch
from config.replica.health import HEALTH
from courses.models import Course
from tests.admin.pages import url
from tests.factories import AnalyticsEventFactory, CourseFactory
from tests.support.processes import eventually
from tests.support.standby import Pair, databases
from tests.support.standby import url as url_of


def listed(client: Client) -> str:
    """Return the number of courses that the list shows, in words."""
    page = client.get(url(Course, "changelist"))
    assert page.status_code == 200
    return str(page.context["cl"].summary)


def exported(client: Client) -> int:
    """Return the number of courses in the export."""
    page = client.get(reverse("admin:courses_course_export", args=["csv"]))
    return len(page.getvalue().splitlines()) - 1


def counted_on_the_dashboard(client: Client) -> str:
    domains = client.get(reverse("admin_pages:dashboard")).context["domains"]
    tables = [table for domain in domains for table in domain["models"]]
    [rows] = [table["rows"] for table in tables if table["name"] == "Courses"]
    return str(rows)


def courses(number: int) -> str:
    return f"{number} course{'s' * (number != 1)}"


@pytest.fixture
def number_before(pair: Pair, client_of_admin: Client) -> int:
    """Create a course, and return the number of courses."""
    CourseFactory.create()
    pair.catch_up()
    return Course.objects.count()


def test_list_while_the_standby_is_behind__is_counted_there(
    pair: Pair, client_of_admin: Client, number_before: int
) -> None:
    with pair.paused():
        added = CourseFactory.create()
        page = client_of_admin.get(url(Course, "changelist"))
    assert page.context["cl"].summary == courses(number_before)
    assert added in page.context["cl"].result_list


def test_list_whose_only_row_the_standby_lacks__shows_the_row(
    pair: Pair, client_of_admin: Client
) -> None:
    with pair.paused():
        added = CourseFactory.create()
        filtered = f"?instructor__id__exact={added.instructor_id}"
        page = client_of_admin.get(url(Course, "changelist") + filtered)
    assert (page.context["cl"].summary, list(page.context["cl"].result_list)) == (
        "1 course",
        [added],
    )


@pytest.mark.parametrize("read", [exported, counted_on_the_dashboard])
def test_figures_while_the_standby_is_behind__are_read_there(
    pair: Pair, client_of_admin: Client, number_before: int, read: Callable[[Client], object]
) -> None:
    with pair.paused():
        CourseFactory.create()
        assert str(read(client_of_admin)) == str(number_before)


def test_list_of_analytics_while_the_standby_is_behind__is_read_there(
    pair: Pair, client_of_admin: Client
) -> None:
    with pair.paused():
        added = AnalyticsEventFactory.create()
        page = client_of_admin.get(url(type(added), "changelist"))
        assert added not in page.context["cl"].result_list


def test_record_while_the_standby_is_behind__is_read_on_the_primary(
    pair: Pair, client_of_admin: Client
) -> None:
    with pair.paused():
        added = CourseFactory.create()
        assert client_of_admin.get(url(Course, "change", added.pk)).status_code == 200


@pytest.mark.parametrize("read", [listed, exported])
def test_own_write__is_seen_at_once(
    pair: Pair, client_of_admin: Client, number_before: int, read: Callable[[Client], object]
) -> None:
    number = read(client_of_admin)
    with pair.paused():
        client_of_admin.post(url(Course, "changelist"))
        CourseFactory.create()
        assert read(client_of_admin) != number


def test_cookie_of_a_write__lasts_until_the_standby_has_it(client_of_admin: Client) -> None:
    cookie = client_of_admin.post(url(Course, "changelist")).cookies["has_written"]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (13, True, "Strict")


def test_reading__leaves_no_cookie(client_of_admin: Client) -> None:
    assert "has_written" not in client_of_admin.get(url(Course, "changelist")).cookies


@pytest.fixture
def without_health_checks(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevent further checks of the standby, so that this process misses a stop."""
    monkeypatch.setattr(health, "CHECK_SECONDS", 1_000)
    assert HEALTH.status().is_usable


def test_list_when_the_standby_stops__is_read_on_the_primary(
    pair: Pair, client_of_admin: Client, number_before: int, without_health_checks: None
) -> None:
    with pair.stopped():
        assert listed(client_of_admin) == courses(number_before)


def test_dashboard_when_the_standby_stops__is_read_on_the_primary(
    pair: Pair, client_of_admin: Client, without_health_checks: None
) -> None:
    with pair.stopped():
        page = client_of_admin.get(reverse("admin_pages:dashboard"))
    plots = page.context["plots"]
    assert [plot.description for plot in plots if plot.headline == "Unknown"] == []


def test_dashboard_when_the_standby_stops_midway__has_exact_counts(
    pair: Pair, client_of_admin: Client, number_before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimates = bounds.estimates

    def end(models: Iterable[type[Model]]) -> Counter[type[Model]]:
        found = estimates(models)
        if reader().alias == "replica":
            pair.disconnect_clients(pair.standby)
        return found

    monkeypatch.setattr(bounds, "estimates", end)
    assert counted_on_the_dashboard(client_of_admin) == str(number_before)


def test_export_when_the_standby_stops_midway__has_all_rows_once(
    pair: Pair,
    client_of_admin: Client,
    number_before: int,
    without_health_checks: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export, "PIECE", 1)
    page: Any = client_of_admin.get(reverse("admin:courses_course_export", args=["csv"]))
    lines = iter(page.streaming_content)
    head = [next(lines), next(lines)]
    with pair.stopped():
        rest = list(lines)
    assert len({*head, *rest}) == len([*head, *rest]) == number_before + 1


def test_export_when_the_primary_is_restarted__continues(
    pair: Pair, client_of_admin: Client, number_before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PIECE", 1)
    page: Any = client_of_admin.get(reverse("admin:courses_course_export", args=["csv"]))
    lines = iter(page.streaming_content)
    head = [next(lines), next(lines)]
    pair.disconnect_clients(pair.primary)
    assert len([*head, *lines]) == number_before + 1


def test_query_that_conflicts_with_recovery__is_repeated_on_the_primary(pair: Pair) -> None:
    CourseFactory.create()
    pair.catch_up()

    @reads_replica
    def read() -> int:
        with transaction.atomic(reader().alias), reader().cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            number = Course.objects.count()
            if reader().alias == "replica":
                pair.on(pair.primary, "DELETE FROM courses")
                pair.on(pair.primary, "VACUUM courses")
                pair.catch_up()
            return min(number, Course.objects.count())

    assert read() == 0


def test_read_that_only_the_standby_refuses__is_logged_in_one_line(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    pair.on(pair.primary, "DROP ROLE IF EXISTS stranger")
    pair.on(pair.primary, "CREATE ROLE stranger LOGIN")
    pair.catch_up()
    replica = url_of(pair.standby, user="stranger")
    with databases(default=url_of(pair.primary), replica=replica):
        reads_replica(Course.objects.count)()
    message = (
        "A read failed on the replica and was repeated on the primary: permission denied for "
        "table courses."
    )
    assert [record.getMessage() for record in caplog.records] == [message]


@reads_replica
def alias() -> str:
    """Return the alias of the connection on which a query has been answered."""
    with reader().cursor() as cursor:
        cursor.execute("SELECT 1")
    return reader().alias


def test_read_after_a_lost_connection__is_on_the_standby_again(pair: Pair) -> None:
    assert alias() == "replica"
    pair.disconnect_clients(pair.standby)
    assert alias() == "default"
    assert eventually(lambda: alias() == "replica")


def test_read_when_the_standby_hangs__is_repeated_on_the_primary(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline, "SECONDS", 2)
    monkeypatch.setattr(watch, "PERIOD", 0.1)

    @reads_replica
    def read() -> str:
        with reader().cursor() as cursor, pair.hanging(reader()):
            cursor.execute("SELECT 1")
        return reader().alias

    assert read() == "default"


def test_slow_read__is_not_cut(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "PERIOD", 0.1)

    @reads_replica
    def read() -> str:
        with reader().cursor() as cursor:
            cursor.execute("SELECT pg_sleep(1)")
        return reader().alias

    assert read() == "replica"


def test_slow_read_on_a_server_without_a_free_connection__is_not_cut(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PERIOD", 0.1)
    pair.on(pair.primary, "DROP ROLE IF EXISTS single")
    pair.on(pair.primary, "CREATE ROLE single LOGIN CONNECTION LIMIT 1")
    pair.catch_up()
    replica = url_of(pair.standby, user="single")
    with (
        databases(default=url_of(pair.primary), replica=replica),
        watch.cut_if_unresponsive(connections["replica"]),
        connections["replica"].cursor() as cursor,
    ):
        cursor.execute("SELECT pg_sleep(1)")
        assert cursor.fetchone() == ("",)


def test_read_without_a_free_connection__is_on_the_primary_and_logged_once(
    pair: Pair, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_logged", {})
    standby = parse_database_url(url_of(pair.standby))
    standby["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1, "timeout": 0.2}
    monkeypatch.setitem(connections.settings, "replica", connections.settings["replica"] | standby)
    connections["replica"] = connections.create_connection("replica")
    taken: Any = connections.create_connection("replica")
    with taken.cursor():
        assert [alias(), alias()] == ["default", "default"]
    taken.close()
    assert alias() == "replica"
    taken.close_pool()
    message = (
        "A read failed on the replica and was repeated on the primary: no connection of its pool "
        "was free. Raise DATABASE_POOL_SIZE."
    )
    assert [record.getMessage() for record in caplog.records] == [message]


@pytest.mark.parametrize("page", ["", "courses/course/", "courses/course/add/"])
def test_page_without_the_primary__is_explained(client_of_admin: Client, page: str) -> None:
    connections["default"].close()
    connections["default"].settings_dict["PORT"] = 1
    client_of_admin.raise_request_exception = False
    answer = client_of_admin.get(f"/admin/{page}")
    message = "The database does not answer, so the page cannot be shown."
    assert (answer.status_code, message in answer.text) == (503, True)


def test_probe_without_the_standby__says_that_the_site_is_ready(pair: Pair) -> None:
    with pair.stopped():
        assert Client().get("/readyz").text == "ok\n"


def test_dashboard__tells_how_far_the_standby_is_behind(
    pair: Pair, client_of_admin: Client
) -> None:
    text = client_of_admin.get(reverse("admin_pages:dashboard")).text
    message = r"The replica is \d\.\d seconds behind\. Figures, counts and exports come from it\."
    assert re.search(f'<p class="pages replica good">{message}</p>', text)


def test_dashboard_after_a_write__tells_that_the_primary_is_read(client_of_admin: Client) -> None:
    client_of_admin.post(url(Course, "changelist"))
    text = client_of_admin.get(reverse("admin_pages:dashboard")).text
    assert "behind. After your change, you read the primary for a moment.</p>" in text


def test_dashboard_without_the_standby__tells_why(pair: Pair, client_of_admin: Client) -> None:
    with pair.stopped():
        text = client_of_admin.get(reverse("admin_pages:dashboard")).text
    message = "Reads go to the primary, not to the replica: it does not answer: "
    assert f'<p class="pages replica bad">{message}' in text
