"""Use of the admin without a mouse."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.platform import Platform

LIMIT = 80


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until `target` has the focus."""
    element = target.element_handle()  # finding it by its role at each step is slow
    for _ in range(LIMIT):
        if element.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached by {LIMIT} times Tab.")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    tab_to(page, target)
    page.keyboard.press(key)


def test_keyboard_alone__logs_in_and_saves_a_record(visitor: Page, platform: Platform) -> None:
    visitor.goto("/admin/")
    tab_to(visitor, visitor.get_by_label("Email"))
    visitor.keyboard.type(platform.admin.email)
    tab_to(visitor, visitor.get_by_label("Password"))
    visitor.keyboard.type(platform.admin.password)
    visitor.keyboard.press("Enter")
    press(visitor, visitor.locator("#nav-sidebar").get_by_role("link", name="Quizzes"))
    expect(visitor).to_have_url(re.compile("/assessments/quiz/$"))
    press(visitor, visitor.locator("#result_list tbody th a").first)
    visitor.wait_for_url("**/change/**")
    tab_to(visitor, visitor.get_by_label("Title").first)
    visitor.keyboard.press("End")
    visitor.keyboard.type(" (revised)")
    press(visitor, visitor.get_by_role("button", name="Save", exact=True))
    expect(visitor.get_by_text("was changed successfully")).to_be_visible()


def test_keyboard_alone__filters_a_list(page: Page) -> None:
    page.goto("/admin/courses/course/")
    press(page, page.get_by_role("button", name="Filters"))
    press(page, page.locator("#changelist-filter").get_by_role("link", name="Draft"))
    expect(page).to_have_url(re.compile("status"))


def test_keyboard_alone__chooses_a_theme_that_stays(page: Page) -> None:
    page.goto("/admin/")
    press(page, page.get_by_role("button", name="Account"))
    press(page, page.get_by_role("button", name="Dark"), "Space")
    expect(page.locator("html")).to_have_class("dark")
    page.reload()
    expect(page.locator("html")).to_have_class("dark")


def test_keyboard_alone__explores_the_schema(page: Page) -> None:
    page.goto("/admin/schema/")
    press(page, page.get_by_role("link", name=re.compile("^payments;")))
    expect(page.get_by_role("region", name="payments", exact=True)).to_be_focused()
