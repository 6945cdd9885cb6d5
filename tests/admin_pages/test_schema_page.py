"""The Schema page: the diagram, each live table, and the verdict on demand."""

import re
from html import unescape

from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from config.admin_pages.verdict import last_verdict
from config.admin_pages.views import read_live_tables
from config.postgres.catalog import read_disk_usage
from tests.factories import UserFactory
from tests.support.contract import COLUMNS
from tests.support.databases import new_name
from tests.support.migrations import run_sql

URL = "/admin/schema/"


def page(client: Client, query: str = "") -> str:
    response = client.get(URL + query)
    assert response.status_code == 200
    return response.content.decode()


def section(client: Client, table: str) -> str:
    """Return the text of the section of `table`."""
    [found] = re.findall(
        rf'<section class="table" id="table-{table}".*?</section>', page(client), re.S
    )
    return without_tags(found)


def without_tags(html: str) -> str:
    return unescape(" ".join(re.sub("<[^>]+>", " ", html).split()))


def test_diagram__links_to_the_section_of_each_table(admin_client: Client) -> None:
    content = page(admin_client)
    links = re.findall(r'<a class="box [^"]*" href="#table-(\w+)"', content)
    sections = re.findall(r'<section class="table" id="table-(\w+)"', content)
    assert sorted(links) == sorted(sections) == sorted(COLUMNS)


def test_diagram_of_a_domain__has_its_columns_and_its_neighbours(admin_client: Client) -> None:
    content = page(admin_client, "?domain=payments")
    assert set(re.findall(r'<a class="box [^"]*" href="#table-(\w+)"', content)) == {
        "payments",
        "subscriptions",
        "refunds",
        "users",
        "courses",
        "enrollments",
    }
    assert re.findall(r'aria-current="true">(\w+)<', content) == ["Payments", "Columns"]


def test_known_choices__are_not_reported_as_ignored(admin_client: Client) -> None:
    assert "ignored" not in page(admin_client, "?domain=payments&show=names")


def test_diagram_with_names__has_no_columns(admin_client: Client) -> None:
    content = page(admin_client, "?show=names")
    assert 'class="row' not in content
    assert re.findall(r'aria-current="true">(\w+)<', content) == ["All", "Names"]


def test_choice_of_a_domain__keeps_the_detail(admin_client: Client) -> None:
    assert '<a href="?show=names&amp;domain=users">' in page(admin_client, "?show=names")


def test_unknown_choices__are_named_and_the_whole_diagram_is_shown(admin_client: Client) -> None:
    content = page(admin_client, "?domain=x%00<b>&show=all&zoom=2")
    assert re.findall(r'role="alert">(.*?)</p>', content) == [
        "There is no domain “x\0&lt;b&gt;”, so the diagram shows all domains.",
        "There is no detail “all”. Choose names, keys or columns.",
        "The page has no parameter “zoom”, so it is ignored.",
    ]
    assert content.count('<a class="box ') == len(COLUMNS)


def test_page__has_no_inline_style_or_script(admin_client: Client) -> None:
    own = page(admin_client).partition('<div class="pages schema">')[2].partition("<footer")[0]
    assert re.findall(r"<script|<style|\sstyle=|\son\w+=", own) == []


def test_page__loads_nothing_from_other_sites(admin_client: Client) -> None:
    loaded = re.findall(r'(?:src|<link[^>]* href)="([^"]*)"', page(admin_client))
    assert [address for address in loaded if not address.startswith("/static/")] == []


def test_section__shows_columns_with_types_and_comments(admin_client: Client) -> None:
    assert "price numeric(10,2), 0 In currency ; 0 if the course is free." in section(
        admin_client, "courses"
    )


def test_section__shows_keys_indexes_and_checks(admin_client: Client) -> None:
    text = section(admin_client, "notifications")
    assert re.search(
        r"notifications_unread_idx [\d.]+ (?:bytes|kB) btree \(recipient_id\) "
        r"WHERE \(read_at IS NULL\) Query 15: the unread badge counts with an index-only scan\.",
        text,
    )
    assert "notifications_pkey" in text
    assert "notifications_title_check CHECK" in text


def test_section__shows_the_live_table_not_the_model(admin_client: Client) -> None:
    run_sql("ALTER TABLE courses ALTER price SET DEFAULT 7")
    assert "price numeric(10,2), 7" in section(admin_client, "courses")


def test_disk_usage__is_that_of_postgresql(db: None) -> None:
    usage = read_disk_usage(connection)["users"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('users'), pg_indexes_size('users')")
        assert (usage.total, usage.all_indexes) == cursor.fetchone()


def test_section__shows_the_number_of_rows(admin_client: Client) -> None:
    UserFactory.create_batch(4)
    assert "rows 5 on disk" in section(admin_client, "users")


def test_section__leads_to_the_list_of_rows(admin_client: Client) -> None:
    assert f'<a href="{reverse("admin:courses_course_changelist")}">Browse' in page(admin_client)


def test_section_of_a_missing_table__says_how_to_create_it(admin_client: Client) -> None:
    run_sql("DROP TABLE refunds")
    assert "The table is not in the database. Create it with manage.py migrate" in section(
        admin_client, "refunds"
    )


def test_role_that_may_not_read_the_ledger__still_sees_the_diagram(admin_client: Client) -> None:
    role = new_name("reader")
    run_sql(f"CREATE ROLE {role}")
    run_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    run_sql(f"REVOKE SELECT ON django_migrations FROM {role}")
    run_sql(f"SET LOCAL ROLE {role}")
    content = page(admin_client)
    assert content.count('<a class="box ') == len(COLUMNS)
    assert (
        escape(
            "The database cannot be read: "
            f"Role {role} may not read django_migrations. "
            f"GRANT SELECT ON django_migrations TO {role}."
        )
        in content
    )


def test_verdict_before_a_comparison__does_not_exist(admin_client: Client) -> None:
    assert "The schema has not been compared yet." in page(admin_client)


def test_verdict_on_demand__is_identical_and_kept_for_the_next_visit(admin_client: Client) -> None:
    verdict = admin_client.post(URL).context["verdict"]
    sentence = "Identical: the live schema agrees with the models."
    assert (verdict.state, verdict.sentence) == ("good", sentence)
    assert sentence in page(admin_client)


def test_drift__is_listed_with_its_repair_and_marked_in_the_diagram(admin_client: Client) -> None:
    run_sql("ALTER TABLE courses ALTER price SET DEFAULT 7")
    content = admin_client.post(URL).content.decode()
    assert re.findall(r'<a class="box [^"]*drifting" href="#table-(\w+)"', content) == ["courses"]
    [difference] = re.findall(r'<details class="difference">.*?</details>', content, re.S)
    assert without_tags(difference) == (
        "VS203 column courses.price: default expected 0 found 7 "
        'repair ALTER TABLE "courses" ALTER COLUMN "price" SET DEFAULT 0;'
    )


def test_verdict_that_cannot_be_given__says_why(admin_client: Client) -> None:
    run_sql("SET LOCAL transaction_read_only = on")
    verdict = admin_client.post(URL).context["verdict"]
    role = connection.get_connection_params()["user"]
    assert (verdict.state, verdict.sentence) == (
        "unknown",
        f"Role {role} has read-only transactions here, in which no temporary table can be created. "
        "Verify as another role, or compare with a snapshot: --expect FILE.",
    )


def test_visit_of_the_page__runs_no_comparison(admin_client: Client) -> None:
    page(admin_client)
    assert last_verdict() is None


def test_comparison_without_the_token__is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(URL).status_code == 403
    assert last_verdict() is None


def test_live_schema__takes_the_same_number_of_queries_for_any_rows(
    django_assert_num_queries: DjangoAssertNumQueries, db: None
) -> None:
    UserFactory.create_batch(3)
    with django_assert_num_queries(20):  # catalog, disk usage, transaction
        read_live_tables()
