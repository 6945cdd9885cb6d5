"""Each table: its list, a record, and the pages that add and delete one."""

import os

import pytest
from django.db.models import Model
from playwright.sync_api import Page

from assessments.models import Question
from courses.models import Course
from payments.models import Payment
from tests.admin.pages import BY_MODEL, READ_ONLY, each_model, url
from tests.browser.look import look
from users.models import User

LOOKED_AT: tuple[type[Model], ...] = (User, Course, Question, Payment)
"""Models with every kind of column and input; the pages of the others are built alike."""
if "SCREENSHOTS" in os.environ:
    LOOKED_AT = tuple(BY_MODEL)
each_looked_at = pytest.mark.parametrize(
    "model",
    [model for model in LOOKED_AT if model not in READ_ONLY],
    ids=lambda model: model.__name__,
)


def open_first(page: Page) -> None:
    """Go from a list to its first record."""
    page.locator("#result_list tbody th a").first.click()
    page.wait_for_url("**/change/**")


@each_model
def test_list_and_first_record__open_without_complaint(page: Page, model: type[Model]) -> None:
    page.goto(url(model, "changelist"))
    if model in LOOKED_AT:
        look(page, f"{model.__name__}-list")
    open_first(page)
    if model in LOOKED_AT:
        look(page, f"{model.__name__}-record")


@each_looked_at
def test_page_that_adds__is_for_everybody(page: Page, model: type[Model]) -> None:
    page.goto(url(model, "add"))
    look(page, f"{model.__name__}-add")


@each_looked_at
def test_page_that_deletes__is_for_everybody(page: Page, model: type[Model]) -> None:
    page.goto(url(model, "changelist"))
    open_first(page)
    page.get_by_role("link", name="Delete").or_(page.get_by_role("link", name="Deactivate")).click()
    page.wait_for_url("**/delete/**")
    look(page, f"{model.__name__}-delete")
