"""The dashboard: plots as charts, words and tables, and plots that fail."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from config.admin import bounds
from config.admin_pages import dashboard, figures
from config.admin_pages.dashboard import PLOT_MILLISECONDS, PLOTS, Plot, read_plots
from config.admin_pages.verdict import compare_now
from tests.factories import (
    AnalyticsEventFactory,
    AssignmentSubmissionFactory,
    CourseAnalyticsFactory,
    EnrollmentFactory,
    PaymentFactory,
    UserFactory,
)
from tests.support.migrations import run_sql

pytestmark = pytest.mark.django_db


def plot(name: str) -> Plot:
    [found] = [plot for plot in read_plots() if plot.name == name]
    return found


def page(client: Client) -> str:
    return client.get(reverse("admin:index")).content.decode()


def test_first_page__shows_all_plots(admin_client: Client) -> None:
    titles = re.findall(r'<h2 id="title-[a-z]+"><a href="[^"]+">(.*?)</a>', page(admin_client))
    assert titles == list(PLOTS)


def test_first_page__lists_the_tables_below(admin_client: Client) -> None:
    assert reverse("admin:users_user_changelist") in page(admin_client)


def rows_of_users(client: Client) -> str:
    html = page(client)
    return str(re.findall(r'<span class="name">Users</span><span.*?>(.*?)</span>', html)[0])


def test_number_of_few_rows__is_exact(admin_client: Client) -> None:
    run_sql("ANALYZE users")
    UserFactory.create_batch(2)
    assert rows_of_users(admin_client) == "3"


def test_number_of_many_rows__is_marked_as_an_estimate(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "COUNTED_ROWS", 2)
    UserFactory.create_batch(2)
    assert rows_of_users(admin_client) == "more than 2"
    run_sql("ANALYZE users")
    assert rows_of_users(admin_client) == "about 3"


def test_number_of_rows_while_another_table_is_missing__is_an_estimate(
    admin_client: Client,
) -> None:
    run_sql("ANALYZE users")
    run_sql("ALTER TABLE refunds RENAME TO elsewhere")
    assert rows_of_users(admin_client) == "about 1"


def test_sidebar__links_to_both_pages(admin_client: Client) -> None:
    content = page(admin_client)
    for name in ("admin:index", "admin_pages:schema"):
        assert f'href="{reverse(name)}"' in content


def test_pages__are_only_for_administrators() -> None:
    client = Client()
    client.force_login(UserFactory.create(educator=True))
    for name in ("admin:index", "admin_pages:schema"):
        response = client.get(reverse(name))
        assert response.headers["Location"] == f"/admin/login/?next={reverse(name)}"


def test_plot__is_described_in_words(admin_client: Client) -> None:
    EnrollmentFactory.create()
    assert (
        'role="img" aria-label="Enrollments: 1 enrollments. Enrollments per week in the last 26 '
        'weeks; the current week is incomplete."'
    ) in page(admin_client)


def test_plot__has_its_numbers_as_a_table() -> None:
    EnrollmentFactory.create()
    shown = plot("enrollments")
    assert (shown.head, shown.rows[-1][1]) == (("week of", "enrollments"), "1")


def test_plots__have_no_inline_style_or_script() -> None:
    own = render_to_string("admin_pages/dashboard.html", {"plots": read_plots()})
    assert "<rect" in own
    assert re.findall(r"<script|<style|\sstyle=|\son\w+=", own) == []


def test_title_of_a_course_with_markup__is_shown_as_text(admin_client: Client) -> None:
    CourseAnalyticsFactory.create(course__title="<script>alert(1)</script>", total_enrollments=1)
    content = page(admin_client)
    assert "<script>alert(1)</script>" not in content
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in content


def test_estimate__is_marked_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    EnrollmentFactory.create()
    monkeypatch.setattr(figures, "PAGES", 0.5)
    shown = plot("enrollments")
    assert shown.headline.startswith("about ")
    [note] = shown.notes
    # The percentage depends on the pages that earlier tests left empty.
    assert re.fullmatch(r"Estimated from \d+% of the table\.", note)


def test_revenue_in_other_currencies__is_in_a_note() -> None:
    for currency in ("USD", "USD", "EUR"):
        PaymentFactory.create(succeeded=True, amount=1200, currency=currency)
    shown = plot("revenue")
    assert shown.headline == "2,400 USD"
    assert shown.notes == ["Not in the chart: 1,200 EUR."]


def test_completion__is_the_share_of_the_courses_shown() -> None:
    CourseAnalyticsFactory.create(total_enrollments=8, completion_count=2, course__title="SQL")
    shown = plot("completion")
    assert (shown.headline, shown.rows) == ("25% completed", [("SQL", "2", "0", "6")])


def test_activity__is_by_day_and_hour() -> None:
    AnalyticsEventFactory.create(timestamp=timezone.now())
    shown = plot("activity")
    assert shown.headline == "1 events"
    assert len(shown.rows) == 24
    assert {len(row) for row in shown.rows} == {1 + figures.DAYS}


def test_grading_queue__says_how_long_the_oldest_waits() -> None:
    AssignmentSubmissionFactory.create(submitted_at=timezone.now() - timedelta(days=9))
    assert plot("grading").notes == ["Assignments: the oldest has waited for 1\xa0week."]


def test_health_before_a_comparison__is_unknown() -> None:
    shown = plot("health")
    assert (shown.state, shown.notes[0]) == (
        "unknown",
        "The schema has not been compared with the models yet.",
    )


def test_health_after_a_comparison__shows_its_verdict_at_once() -> None:
    plot("health")
    compare_now()
    shown = plot("health")
    assert shown.state == "good"
    assert shown.notes[0] == "Identical: the live schema agrees with the models."


def test_health_without_a_table__is_bad() -> None:
    run_sql("DROP TABLE refunds")
    shown = plot("health")
    assert shown.state == "bad"
    assert "Table refunds is missing." in shown.notes


def test_plot_that_fails__says_why_and_leaves_the_others() -> None:
    run_sql("DROP TABLE course_analytics")
    plots = {plot.title: plot for plot in read_plots()}
    assert plots["Completion by course"].description == (
        'Not drawn: relation "course_analytics" does not exist.'
    )
    assert plots["Grading queue"].headline == "0 waiting"


def test_plot_that_takes_too_long__is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> Plot:
        run_sql("SELECT pg_sleep(60)")
        raise AssertionError

    monkeypatch.setattr(dashboard, "PLOT_MILLISECONDS", 1)
    monkeypatch.setattr(dashboard, "PLOTS", {"Slow": slow})
    assert plot("slow").description == "Not drawn: the query took over 1 ms."


def test_timeout_of_the_plots__does_not_apply_after_them() -> None:
    read_plots()
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
    assert PLOT_MILLISECONDS


def test_plots__are_kept_for_a_while(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    read_plots()
    with django_assert_num_queries(0):
        read_plots()


def test_plots__take_the_same_number_of_queries_for_any_rows(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(3):
        EnrollmentFactory.create()
        CourseAnalyticsFactory.create(total_enrollments=5)
        AssignmentSubmissionFactory.create()
    with django_assert_num_queries(QUERIES):
        read_plots()


def test_plots_of_an_empty_database__take_the_same_number_of_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(QUERIES):
        read_plots()


QUERIES = 44
"""Fourteen queries, and a savepoint with a time limit for each plot and for counting events."""
