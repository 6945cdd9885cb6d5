"""A small platform, a server for it, and a browser, which all tests of this package share.

They end with the package: while Playwright runs, Django takes the whole thread for asynchronous.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    expect,
    sync_playwright,
)
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
"""The first has no windows, which others draw even if they are not shown: half of their work."""
MISSING = (
    "There is no Chromium on PATH. Install it (Debian: apt-get install chromium-headless-shell)."
)
PATIENCE = 90_000
"""Milliseconds; long, because other tests keep the machine busy; a failing test waits so long."""
FLAGS = ("--disable-gpu", "--disable-quic", "--disable-sync")
"""Options in addition to those of Playwright; the browser must send no requests of its own."""


@pytest.fixture(scope="package")
def chromium() -> str:
    """Return the path of Chromium. Skip the test without it; fail in CI."""
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
        assert seed_demo(database, "--scale=500").status == 0
        student = Account("student@example.com", "look-around-2")
        users = User.objects.db_manager(database.alias)
        users.create_user(student.email, student.password, role=Role.STUDENT)
        admin = Account("admin@example.com", "")
        admin = replace(admin, password=make_administrator(admin.email, database.alias))
        database.connection.close()
        with serve(database, log) as address:
            yield Platform(database, address, admin, student)


@pytest.fixture(scope="package")
def browser(chromium: str, platform: Platform) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def admin_context(browser: Browser, platform: Platform) -> Iterator[BrowserContext]:
    """Yield the context of a logged-in administrator; its cache makes later pages quick."""
    with browser.new_context(base_url=platform.address, viewport=DESKTOP) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        log_in(page, platform.admin)
        page.wait_for_url("**/admin/")
        page.close()
        yield context


@contextmanager
def watched(context: BrowserContext, address: str) -> Iterator[Page]:
    """Yield a page, and check afterwards that no error occurred on it."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    watch = Watch(page, address)
    yield page
    page.close()
    assert watch.problems == []


@pytest.fixture
def page(admin_context: BrowserContext, platform: Platform) -> Iterator[Page]:
    with watched(admin_context, platform.address) as page:
        yield page


@pytest.fixture(scope="package")
def visitor_context(browser: Browser, platform: Platform) -> Iterator[BrowserContext]:
    """Yield the context of the visitors, of which each finds the files of the one before."""
    with browser.new_context(base_url=platform.address, viewport=DESKTOP) as context:
        yield context


@pytest.fixture
def visitor(visitor_context: BrowserContext, platform: Platform) -> Iterator[Page]:
    """Yield a page of a visitor who has not logged in."""
    with watched(visitor_context, platform.address) as page:
        yield page
    visitor_context.clear_cookies()


@pytest.fixture(scope="package")
def phone_context(
    browser: Browser, admin_context: BrowserContext, platform: Platform
) -> Iterator[BrowserContext]:
    """Yield the context of the administrator's phone."""
    device = browser.new_context(
        base_url=platform.address,
        viewport=PHONE,
        is_mobile=True,
        has_touch=True,
        storage_state=admin_context.storage_state(),
    )
    with device as context:
        yield context


@pytest.fixture
def phone(phone_context: BrowserContext, platform: Platform) -> Iterator[Page]:
    """Yield a page of the administrator on a phone."""
    with watched(phone_context, platform.address) as page:
        yield page
