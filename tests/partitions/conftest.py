"""Fixtures of the tests of partitions: the current month, low limits and short waits."""

from datetime import date

import pytest
from pytest_django import Settings

from config.partitions import after_migrate, creation, exchange
from config.partitions.management.commands import partitions as command
from tests.migrating.sessions import shorten_pauses


@pytest.fixture(autouse=True)
def short_waits(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make timeouts and pauses as short as the tests allow."""
    settings.MIGRATE_LOCK_RETRIES = 2
    settings.MIGRATE_WAIT = 0
    shorten_pauses(monkeypatch)


@pytest.fixture
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make November 2026 the current month."""
    for module in (command, after_migrate):
        monkeypatch.setattr(module, "current_month", lambda: date(2026, 11, 1))


@pytest.fixture
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower the limits to ten rows for the shorter way, and to one page for each copy."""
    for module in (creation, exchange):
        monkeypatch.setattr(module, "FEW", 10)
    monkeypatch.setattr(exchange, "PAGES", 1)
