"""An app registry for models that a test defines."""

from collections.abc import Iterator

import pytest
from django.test.utils import isolate_apps

from config.postgres import name_checks, partition_checks
from config.postgres.enums import enum_checks


@pytest.fixture
def isolated_apps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the system checks see the apps users and courses without their models."""
    with isolate_apps("users", "courses") as apps:
        for module in (name_checks, partition_checks, enum_checks):
            monkeypatch.setattr(module, "apps", apps)
        yield
