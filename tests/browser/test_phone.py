"""Pages on a phone."""

import re

from playwright.sync_api import Page, expect


def test_phone_menu__leads_to_a_table(phone: Page) -> None:
    phone.goto("/admin/")
    phone.get_by_role("button", name="Menu").last.tap()
    phone.locator("#nav-sidebar").get_by_role("link", name="Courses", exact=True).tap()
    expect(phone).to_have_url(re.compile("/courses/course/$"))


def test_phone__filters_a_list_and_saves_a_record(phone: Page) -> None:
    phone.goto("/admin/courses/course/")
    phone.get_by_role("button", name="Filters").tap()
    phone.locator("#changelist-filter").get_by_role("link", name="Draft").tap()
    expect(phone).to_have_url(re.compile("status"))
    phone.locator("#result_list tbody th a").first.tap()
    phone.get_by_label("Category").fill("Cooking")
    phone.get_by_role("button", name="Save", exact=True).tap()
    expect(phone.get_by_text("was changed successfully")).to_be_visible()


def test_phone_schema__zooms_in(phone: Page) -> None:
    phone.goto("/admin/schema/")
    before = phone.locator(".diagram").get_attribute("viewBox")
    phone.get_by_role("button", name="Zoom in").tap()
    expect(phone.locator(".diagram")).not_to_have_attribute("viewBox", before or "")


def test_phone_list__has_a_card_for_each_row(phone: Page) -> None:
    phone.goto("/admin/courses/course/")
    price = phone.locator("#result_list tbody td.field-price").first
    assert price.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Price"'
    card = phone.locator("#result_list tbody").first
    assert card.evaluate("card => card.scrollWidth <= card.clientWidth")


def test_phone_record__shows_the_whole_names_of_chosen_records(phone: Page) -> None:
    phone.goto("/admin/assessments/quizsubmission/")
    phone.locator("#result_list tbody th a").first.tap()
    chosen = phone.locator(".select2-selection__rendered[title]")
    expect(chosen.first).to_be_visible()
    assert chosen.evaluate_all("all => all.every(box => box.scrollHeight <= box.clientHeight)")
