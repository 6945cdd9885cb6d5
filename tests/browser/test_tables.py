"""Each table: its list, a record, and the pages that add and delete one."""

from django.db.models import Model
from playwright.sync_api import Page, expect

from tests.admin.pages import READ_ONLY, each_model, each_model_but, url
from tests.browser.look import look


def open_first(page: Page, model: type[Model]) -> None:
    """From the list to its first record."""
    page.goto(url(model, "changelist"))
    page.locator("#result_list tbody th a").first.click()
    page.wait_for_url("**/change/**")


@each_model
def test_list__is_for_everybody(page: Page, model: type[Model]) -> None:
    page.goto(url(model, "changelist"))
    expect(page.locator("#result_list tbody th a").first).to_be_visible()
    look(page, f"{model.__name__}-list")


@each_model
def test_record__is_for_everybody(page: Page, model: type[Model]) -> None:
    open_first(page, model)
    look(page, f"{model.__name__}-record")


@each_model_but(*READ_ONLY)
def test_page_that_adds__is_for_everybody(page: Page, model: type[Model]) -> None:
    page.goto(url(model, "add"))
    look(page, f"{model.__name__}-add")


@each_model_but(*READ_ONLY)
def test_page_that_deletes__is_for_everybody(page: Page, model: type[Model]) -> None:
    open_first(page, model)
    page.get_by_role("link", name="Delete").click()
    page.wait_for_url("**/delete/**")
    look(page, f"{model.__name__}-delete")
