"""Accounts that can log in, and accounts that cannot."""

import re

from playwright.sync_api import Page, expect

from tests.browser.look import look
from tests.browser.platform import Account, Platform, log_in


def test_login_page__is_for_everybody(visitor: Page) -> None:
    visitor.goto("/admin/")
    look(visitor, "login")


def test_wrong_password__is_said_and_opens_nothing(visitor: Page, platform: Platform) -> None:
    log_in(visitor, Account(platform.admin.email, "wrong"))
    expect(visitor.get_by_role("main")).to_contain_text("Please enter the correct email")
    visitor.goto("/admin/courses/course/")
    expect(visitor).to_have_url(re.compile("/admin/login/"))


def test_student__does_not_get_in(visitor: Page, platform: Platform) -> None:
    log_in(visitor, platform.student)
    expect(visitor.get_by_role("main")).to_contain_text("Please enter the correct email")


def test_login__leads_to_the_page_that_was_asked_for(visitor: Page, platform: Platform) -> None:
    log_in(visitor, platform.admin, "/admin/courses/course/")
    expect(visitor).to_have_url(f"{platform.address}/admin/courses/course/")


def test_logout__ends_the_session(visitor: Page, platform: Platform) -> None:
    log_in(visitor, platform.admin)
    visitor.get_by_role("button", name="Account").click()
    visitor.get_by_role("button", name="Log out").click()
    visitor.goto("/admin/")
    expect(visitor).to_have_url(re.compile("/admin/login/"))
