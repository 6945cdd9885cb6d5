"""The dashboard, the Schema page, and the parts that all pages share."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from config.schema_docs.dictionary import relations
from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import PATIENCE, watched
from tests.browser.platform import Platform

PALETTE = "[x-data='searchCommand()']"


def test_dashboard__is_accessible(page: Page) -> None:
    page.goto("/admin/")
    expect(page.locator(".plot svg")).to_have_count(6)
    assert_accessible(page, "dashboard")


def test_dashboard__leads_to_each_table(page: Page) -> None:
    page.goto("/admin/")
    links = page.get_by_role("navigation", name="Tables").get_by_role("link")
    expect(links).to_have_count(24)
    links.filter(has_text="Lesson progress").click()
    expect(page).to_have_url(re.compile("/enrollments/lessonprogress/$"))


def test_plot_as_a_table__has_the_numbers(page: Page) -> None:
    page.goto("/admin/")
    plot = page.get_by_role("region", name="Grading queue", exact=True)
    plot.get_by_text("As a table").click()
    expect(plot.get_by_role("rowheader", name="under a day")).to_be_visible()


@pytest.fixture(scope="module")
def schema_page(admin_page: Page, platform: Platform) -> Iterator[Page]:
    page = admin_page.context.new_page()
    page.set_default_timeout(PATIENCE)
    with watched(page, platform.address):
        page.goto("/admin/schema/")
        yield page


@pytest.fixture
def schema(schema_page: Page) -> Page:
    """Return a shared Schema page for tests that stay on the page and select no table."""
    schema_page.mouse.move(0, 0)
    return schema_page


def test_schema__is_accessible(schema: Page) -> None:
    expect(schema.locator(".diagram .box")).to_have_count(24)
    assert_accessible(schema, "schema")


CROSSINGS = """paths => paths.flatMap(path => {
  const boxes = [...document.querySelectorAll(".box .body")].map(body => body.getBBox());
  const steps = Math.ceil(path.getTotalLength() / 2);
  const points = [...Array(steps).keys()].map(n => path.getPointAtLength(2 * n));
  const crosses = box => points.some(({x, y}) =>
    x > box.x + 1 && x < box.x + box.width - 1 && y > box.y + 1 && y < box.y + box.height - 1);
  return boxes.some(crosses) ? [path.textContent] : [];
})"""


def test_schema_lines__cross_no_table(schema: Page) -> None:
    edges = schema.locator(".edge")
    expect(edges).to_have_count(len(relations()))
    assert edges.evaluate_all(CROSSINGS) == []


def test_schema_table_pointed_at__highlights_its_relations(schema: Page) -> None:
    related = schema.locator(".box.related .near .name")
    expect(related).to_have_count(0)
    schema.locator(".box[data-table=payments]").hover()
    expect(related).to_have_count(5)
    assert sorted(related.all_text_contents()) == [
        "courses",
        "enrollments",
        "payments",
        "refunds",
        "users",
    ]
    assert sorted(schema.locator(".edge.related title").all_text_contents()) == [
        "enrollments.payment_id → payments",
        "payments.course_id → courses",
        "payments.user_id → users",
        "refunds.payment_id → payments",
    ]
    expect(schema.locator(".box .row.related")).to_have_count(4)


def test_schema_zoomed_out__shows_only_names(schema: Page) -> None:
    column = schema.locator(
        ".box[data-table=discussion_posts] .row text", has_text="parent_post_id"
    )
    expect(column).to_be_visible()
    for _ in range(3):
        schema.get_by_role("button", name="Zoom out").click()
    expect(column).to_be_hidden()
    schema.get_by_role("button", name="Fit the whole diagram").click()
    expect(column).to_be_visible()


def test_schema_table_clicked__is_explained(page: Page) -> None:
    page.goto("/admin/schema/")
    page.locator(".box[data-table=courses]").click()
    table = page.get_by_role("region", name="courses", exact=True)
    expect(table).to_be_visible()
    expect(table).to_contain_text("courses_instructor_id_fk")
    assert_accessible(page, "schema-table", "#table-courses")
    table.get_by_role("link", name="enrollments").click()
    expect(page.get_by_role("region", name="enrollments", exact=True)).to_be_visible()


def test_schema_compared__is_identical(page: Page) -> None:
    page.goto("/admin/schema/")
    page.get_by_role("button", name="Compare with the models now").click()
    expect(page.get_by_role("status")).to_contain_text("Identical")


def test_search_palette__finds_a_record_and_opens_it(page: Page, platform: Platform) -> None:
    page.goto("/admin/users/")  # this page has no input that gets the focus
    expect(page.get_by_role("button", name="Search tables and records")).to_be_visible()
    # Alpine listens to keys as soon as it has removed x-cloak, after the page is shown.
    expect(page.locator(f"{PALETTE}[x-cloak]")).to_have_count(0)
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Type to search").fill(platform.student)
    page.keyboard.press("End")  # releasing a key starts the search
    expect(page.locator("#command-results")).to_contain_text(platform.student)
    assert_accessible(page, "search-palette", PALETTE)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/users/user/.*/change/$"))
