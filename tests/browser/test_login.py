"""Accounts that can log in, and accounts that cannot."""

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.platform import Account, Platform, log_in


def test_login_page__is_accessible(visitor: Page) -> None:
    visitor.goto("/admin/")
    assert_accessible(visitor, "login")


def test_login_with_a_wrong_password__is_refused(visitor: Page, platform: Platform) -> None:
    log_in(visitor, Account(platform.admin.email, "wrong"))
    expect(visitor.get_by_role("main")).to_contain_text("Please enter the correct email")
    visitor.goto("/admin/courses/course/")
    expect(visitor).to_have_url(re.compile("/admin/login/"))


def test_logout__ends_the_session(visitor: Page, platform: Platform) -> None:
    log_in(visitor, platform.admin)
    visitor.get_by_role("button", name="Account").click()
    visitor.get_by_role("button", name="Log out").click()
    visitor.goto("/admin/")
    expect(visitor).to_have_url(re.compile("/admin/login/"))
