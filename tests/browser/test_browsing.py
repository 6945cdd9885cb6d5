"""Links from lists to records, between records, and to exports."""

import csv
import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.accessibility import MAIN, assert_accessible
from tests.browser.platform import Platform

COURSES = "/admin/courses/course/"
MOST_STUDENTS = """
    SELECT id, title, enrollment_count FROM courses ORDER BY enrollment_count DESC, id LIMIT 1
"""


def related(page: Page) -> Any:
    return page.get_by_role("navigation", name="Related records")


def test_relations__lead_to_children_and_back(page: Page, platform: Platform) -> None:
    [(key, title, students)] = platform.database.query(MOST_STUDENTS)
    page.goto(f"{COURSES}{key}/change/")
    related(page).get_by_role("link", name=f"Enrollments {students}").click()
    expect(page.locator("#result_list tbody input.action-select")).to_have_count(students)
    page.locator("#result_list tbody th a").first.click()
    related(page).get_by_role("link", name=f"Course: {title}").click()
    expect(page).to_have_url(re.compile(f"{COURSES}{key}/change/"))


def test_search__finds_by_a_word_of_the_title(page: Page, platform: Platform) -> None:
    [(_, title, _)] = platform.database.query(MOST_STUDENTS)
    page.goto(COURSES)
    page.get_by_placeholder("Words of the title").fill(title)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q="))
    expect(page.locator("#result_list tbody th a").first).to_have_text(title)


def test_search_without_a_match__says_that_there_is_none(page: Page) -> None:
    page.goto(f"{COURSES}?q=xyzzy")
    expect(page.get_by_text("0 courses")).to_be_visible()
    assert_accessible(page, "list-empty", MAIN)


def test_filter_by_enum__shows_only_rows_with_the_label(page: Page, platform: Platform) -> None:
    [(number,)] = platform.database.query("SELECT count(*) FROM courses WHERE status = 'draft'")
    page.goto(COURSES)
    page.get_by_role("button", name="Filters").click()
    assert_accessible(page, "list-filters", "#changelist-filter")
    page.locator("#changelist-filter").get_by_role("link", name="Draft").click()
    expect(page).to_have_url(re.compile("status"))
    expect(page.locator("#result_list tbody input.action-select")).to_have_count(number)


def test_filter_by_related_record__is_found_by_typing(page: Page, platform: Platform) -> None:
    [(email,)] = platform.database.query(
        "SELECT email FROM users JOIN courses ON instructor_id = users.id ORDER BY email LIMIT 1"
    )
    page.goto(COURSES)
    page.get_by_role("button", name="Filters").click()
    page.locator("#changelist-filter .select2-selection").click()
    page.locator(".select2-search__field").fill(email)
    page.get_by_role("option", name=email).click()
    page.get_by_role("button", name="Apply Filters").click()
    expect(page).to_have_url(re.compile("instructor"))
    expect(page.locator("#result_list td.field-instructor").first).to_have_text(email)


def test_list_sorted_by_a_heading__begins_with_the_largest(page: Page, platform: Platform) -> None:
    [(_, title, _)] = platform.database.query(MOST_STUDENTS)
    page.goto(COURSES)
    for _ in range(2):
        page.get_by_role("columnheader", name="Enrollment count").get_by_role("link").first.click()
    expect(page.locator("#result_list tbody th a").first).to_have_text(title)


def test_export_as_csv__has_the_rows_of_the_list(page: Page, platform: Platform) -> None:
    page.goto(f"{COURSES}?status__exact=draft")
    page.get_by_text("Export", exact=True).click()
    expect(page.get_by_role("link", name="JSON", exact=True)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).click()
    rows = list(csv.DictReader(download.value.path().read_text().splitlines()))
    [(number,)] = platform.database.query("SELECT count(*) FROM courses WHERE status = 'draft'")
    assert len(rows) == number
    assert {row["status"] for row in rows} == {"draft"}


def test_history__is_accessible(page: Page, platform: Platform) -> None:
    [(key, _, _)] = platform.database.query(MOST_STUDENTS)
    page.goto(f"{COURSES}{key}/change/")
    page.get_by_role("link", name="History").click()
    page.wait_for_url("**/history/**")
    assert_accessible(page, "history", MAIN)
