"""The pages of a table: the list, a record, and the pages to add and to delete a record."""

import os

from django.db.models import Model
from playwright.sync_api import Page

from analytics.models import AnalyticsEvent
from assessments.models import Question
from courses.models import Course
from tests.admin.pages import BY_MODEL, READ_ONLY, each_of, url
from tests.browser.accessibility import MAIN, assert_accessible
from tests.browser.platform import Platform
from users.models import User

OPENED: tuple[type[Model], ...] = (Course, User, Question, AnalyticsEvent)
"""Models with every kind of column and input, and a read-only model."""
WRITABLE: tuple[type[Model], ...] = (Course, User)
"""An ordinary model, and User, because User has special pages to add and to delete a row."""
if "SCREENSHOTS" in os.environ:
    OPENED = tuple(BY_MODEL)
    WRITABLE = tuple(model for model in BY_MODEL if model not in READ_ONLY)


def part_of(model: type[Model]) -> str:
    """Return the part of the page for axe. Only Course includes the sidebar."""
    return "html" if model is Course else MAIN


@each_of(*OPENED)
def test_list_and_first_record__are_accessible(page: Page, model: type[Model]) -> None:
    page.goto(url(model, "changelist"))
    assert_accessible(page, f"{model.__name__}-list", part_of(model))
    page.locator("#result_list tbody th a").first.click()
    page.wait_for_url("**/change/**")
    assert_accessible(page, f"{model.__name__}-record", part_of(model))


@each_of(*WRITABLE)
def test_page_that_adds__is_accessible(page: Page, model: type[Model]) -> None:
    page.goto(url(model, "add"))
    assert_accessible(page, f"{model.__name__}-add", MAIN)


@each_of(*WRITABLE)
def test_page_that_deletes__is_accessible(
    page: Page, platform: Platform, model: type[Model]
) -> None:
    # The first account, because the last one is the administrator's own and cannot be deleted.
    table, key = model._meta.db_table, model._meta.pk.column
    [(first,)] = platform.database.query(f"SELECT {key}::text FROM {table} ORDER BY {key} LIMIT 1")
    page.goto(url(model, "delete", first))
    assert_accessible(page, f"{model.__name__}-delete", MAIN)
