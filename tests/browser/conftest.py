"""The platform, the server and the browser that all tests of this package share.

Playwright stops with the package, because Django refuses queries in its thread while it runs.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.conf import global_settings
from django.test import override_settings
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django import DjangoDbBlocker

from config.demo.administrator import make_administrator
from tests.browser.accessibility import DESKTOP, PHONE
from tests.browser.platform import Account, Platform, log_in, serve
from tests.browser.watch import Watch
from tests.demo.command import seed_demo
from tests.support.databases import new_database
from users.enums import Role
from users.models import User

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""Names of the program. The first is the fastest, because it cannot draw windows."""
MISSING = (
    "There is no Chromium on PATH. Install it (Debian: apt-get install chromium-headless-shell)."
)
PATIENCE = 90_000
"""Milliseconds that a test waits before it fails; enough on a busy machine."""
FLAGS = ("--disable-gpu", "--disable-quic", "--disable-sync")
"""Options in addition to those of Playwright, so that the browser sends no further requests."""


@pytest.fixture(scope="package")
def chromium() -> str:
    """Return the path of Chromium. Without Chromium, skip the test, or fail it in CI."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(MISSING)
    return found or pytest.skip(MISSING)


@pytest.fixture(scope="package")
def platform(
    chromium: str,
    migrated: str,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Platform]:
    log = tmp_path_factory.mktemp("server") / "log"
    with django_db_blocker.unblock(), new_database(migrated) as database:
        assert seed_demo(database, "--scale=100").status == 0
        student = "student@example.com"
        users = User.objects.db_manager(database.alias)
        users.create_user(student, role=Role.STUDENT)
        admin = Account("admin@example.com", "")
        # The server checks the password with the hashers of production.
        with override_settings(PASSWORD_HASHERS=global_settings.PASSWORD_HASHERS):
            admin = replace(admin, password=make_administrator(admin.email, database.alias))
        database.connection.close()
        with serve(database, log) as address:
            yield Platform(database, address, admin, student)


@pytest.fixture(scope="package")
def browser(chromium: str, platform: Platform) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS, timeout=PATIENCE)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, platform: Platform, **options: Any) -> Iterator[Page]:
    """Yield a page with its own cookies and cache."""
    options = {"base_url": platform.address, "viewport": DESKTOP} | options
    with browser.new_context(**options) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        yield page


@contextmanager
def watched(page: Page, address: str) -> Iterator[Page]:
    """Yield the page, and check afterwards that no error occurred on it.

    The next test gets the same page, without drafts, because a new page starts two processes.
    """
    watch = Watch(page, address)
    yield page
    page.goto("/healthz")
    page.evaluate("sessionStorage.clear()")
    watch.stop()
    assert watch.problems == []


@pytest.fixture(scope="package")
def admin_page(browser: Browser, platform: Platform) -> Iterator[Page]:
    """Yield the page of an administrator who has logged in."""
    with opened(browser, platform) as page:
        log_in(page, platform.admin)
        page.wait_for_url(
            "/admin/"
        )  # an exact match, because the address of the login ends with it
        yield page


@pytest.fixture
def page(admin_page: Page, platform: Platform) -> Iterator[Page]:
    with watched(admin_page, platform.address) as page:
        yield page


@pytest.fixture(scope="package")
def visitor_page(browser: Browser, platform: Platform) -> Iterator[Page]:
    with opened(browser, platform) as page:
        yield page


@pytest.fixture
def visitor(visitor_page: Page, platform: Platform) -> Iterator[Page]:
    """Yield the page of a visitor who has not logged in."""
    with watched(visitor_page, platform.address) as page:
        yield page
    page.context.clear_cookies()


@pytest.fixture(scope="package")
def phone_page(browser: Browser, admin_page: Page, platform: Platform) -> Iterator[Page]:
    device = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
    session = admin_page.context.storage_state()
    with opened(browser, platform, **device, storage_state=session) as page:
        yield page


@pytest.fixture
def phone(phone_page: Page, platform: Platform) -> Iterator[Page]:
    """Yield the page of the administrator on a phone."""
    with watched(phone_page, platform.address) as page:
        yield page
