"""The system checks of config.postgres run with those of Django."""

from typing import Any

from django.core.checks.registry import registry

from config.postgres.enums import check_enum_types
from config.postgres.name_checks import check_names
from config.postgres.partition_checks import check_partitions


def test_system_checks__are_registered() -> None:
    checks: list[Any] = [*registry.get_checks()]
    assert {check_enum_types, check_names, check_partitions} <= set(checks)
