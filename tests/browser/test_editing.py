"""Forms that change, add and delete records."""

import re

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.accessibility import MAIN, assert_accessible
from tests.browser.conftest import opened, watched
from tests.browser.platform import Platform

COURSES = "/admin/courses/course/"
A_DRAFT = """
    SELECT id::text FROM courses WHERE status = 'draft'
       AND (SELECT count(*) FROM course_modules WHERE course_id = courses.id) > 1
     ORDER BY id LIMIT 1 OFFSET %s
"""


def draft(platform: Platform, number: int) -> str:
    """Return the address of a draft course. Only the test of deletion uses number 1."""
    [(key,)] = platform.database.query(A_DRAFT, number)
    return f"{COURSES}{key}/change/"


def test_record_changed__is_saved(page: Page, platform: Platform) -> None:
    page.goto(draft(platform, 0))
    page.get_by_label("Category").fill("Gardening")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    expect(page.get_by_label("Category")).to_have_value("Gardening")
    assert_accessible(page, "record-saved", "#main ul.mb-4")


def test_record_that_breaks_a_constraint__explained_at_the_field(
    page: Page, platform: Platform
) -> None:
    page.goto(draft(platform, 0))
    page.get_by_label("Price").fill("-1")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".field-price")).to_contain_text("The value must be from 0 to 99999999.99.")
    assert_accessible(page, "record-error", ".problems, .errornote, .field-price")


def test_row_added_within_a_record__is_saved(page: Page, platform: Platform) -> None:
    page.goto(draft(platform, 0))
    modules = page.locator("#modules-group")
    before = modules.locator("tbody.original").count()
    modules.get_by_text("Add another").click()
    form = modules.locator("tbody.template:not(.empty-form)").last
    form.get_by_label("Order number").fill("77")
    form.get_by_label("Title").fill("What we left out")
    form.get_by_label("Duration minutes").fill("10")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator("#modules-group tbody.original")).to_have_count(before + 1)


def test_row_dragged_below_the_next__keeps_the_numbers_of_the_page(
    page: Page, platform: Platform
) -> None:
    page.goto(draft(platform, 0))
    rows = page.locator("#modules-group tbody.original")
    titles = [rows.nth(row).get_by_label("Title").input_value() for row in range(2)]
    drag(page, rows.nth(0), rows.nth(1))
    expect(rows.nth(0).get_by_label("Title")).to_have_value(titles[1])
    expect(rows.nth(0).get_by_label("Order number")).to_have_value("1")
    assert_accessible(page, "row-dragged", "#modules-group")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    expect(rows.nth(0).get_by_label("Title")).to_have_value(titles[1])
    expect(rows.nth(1).get_by_label("Title")).to_have_value(titles[0])


def drag(page: Page, row: Locator, below: Locator) -> None:
    """Drag `row` by its handle to the lower edge of `below`, in steps as a person does."""
    handle = row.get_by_title("Drag to move, or type the number")
    handle.hover()
    page.mouse.down()
    box = below.bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2, steps=10)
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] - 2, steps=10)
    page.mouse.up()


def test_related_record__is_chosen_by_typing(page: Page, platform: Platform) -> None:
    [(email,)] = platform.database.query(
        "SELECT email FROM users WHERE role = 'educator' ORDER BY email LIMIT 1"
    )
    page.goto(draft(platform, 0))
    page.get_by_role("combobox", name="Instructor").click()
    page.locator(".select2-search__field").fill(email)
    page.get_by_role("option", name=email).click()
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    expect(page.get_by_role("combobox", name="Instructor")).to_contain_text(email)


def test_deletion__is_shown_and_then_done(page: Page, platform: Platform) -> None:
    address = draft(platform, 1)
    page.goto(address)
    page.get_by_role("link", name="Delete course").click()
    expect(page.get_by_role("row", name="1 course", exact=True)).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("course modules$"))).to_be_visible()
    page.get_by_role("button", name="Yes, I").click()
    expect(page.get_by_text("was deleted successfully")).to_be_visible()
    page.goto(address)
    expect(page.get_by_text("Perhaps it was deleted?")).to_be_visible()


def test_deletion_that_is_not_confirmed__changes_nothing(page: Page, platform: Platform) -> None:
    page.goto(draft(platform, 0))
    page.get_by_role("link", name="Delete course").click()
    page.get_by_role("link", name="No, take me back").click()
    expect(page).to_have_url(re.compile(draft(platform, 0)))


def test_action__is_done_to_selected_rows(page: Page, platform: Platform) -> None:
    page.goto(f"{COURSES}?status__exact=published")
    page.locator("#result_list tbody input.action-select").first.check()
    page.get_by_label("Select action to run").select_option(label="Archive selected courses")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("1 course archived.")).to_be_visible()


def test_account_deleted_permanently__asks_for_its_address(page: Page, platform: Platform) -> None:
    # Skip the last one, `platform.student`, whom other tests need.
    [(key, email)] = platform.database.query(
        "SELECT id::text, email FROM users WHERE role = 'student' ORDER BY id DESC OFFSET 1 LIMIT 1"
    )
    page.goto(f"/admin/users/user/{key}/erase/")
    assert_accessible(page, "erase", MAIN)
    page.get_by_role("textbox").fill(email)
    page.get_by_role("button", name="Yes, I").click()
    expect(page.get_by_text("was deleted permanently")).to_be_visible()


def test_password_page__is_accessible(page: Page, platform: Platform) -> None:
    [(key,)] = platform.database.query(
        "SELECT id::text FROM users WHERE role = 'student' ORDER BY id LIMIT 1"
    )
    page.goto(f"/admin/users/user/{key}/password/")
    assert_accessible(page, "password", MAIN)


def test_title_in_any_script__fills_the_slug(page: Page) -> None:
    page.goto("/admin/courses/course/add/")
    for title, slug in {
        "数据库 SQL": "dxty1ibyb-sql",
        "Основы": "osnovy",
        "- Über": "uber",
    }.items():
        page.get_by_label("Title").first.fill(title)
        page.keyboard.press("End")  # releasing a key updates the slug
        expect(page.get_by_label("Slug")).to_have_value(slug)


def test_time_of_a_browser_in_another_zone__has_a_warning_that_can_be_read(
    browser: Browser, admin_page: Page, platform: Platform
) -> None:
    session = admin_page.context.storage_state()
    with (
        opened(browser, platform, storage_state=session, timezone_id="Asia/Tokyo") as tokyo,
        watched(tokyo, platform.address) as page,
    ):
        page.goto(draft(platform, 0))
        warning = page.get_by_text("Enter times in the UTC timezone. (You are 9 hours ahead.)")
        warning.first.click(trial=True)  # fails if another element is above it
        assert_accessible(page, "zone-warning", ".timezonewarning")
