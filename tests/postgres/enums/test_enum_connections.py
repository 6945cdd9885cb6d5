"""Connections that were opened before an enum type was replaced."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.fields import ArrayField
from django.db import connection, connections, models
from django.db.migrations.state import ProjectState
from pytest_django import DjangoDbBlocker

from config.postgres.enums.field import EnumField
from config.postgres.enums.operations import AlterEnum, CreateEnum
from tests.support.migrations import applied, model, new_default_database, project_state

LABELS = ["low", "high"]
LEVEL = EnumField(type_name="level", labels=LABELS)
TASK = model(
    "music.Task", level=LEVEL, levels=ArrayField(LEVEL), grid=ArrayField(ArrayField(LEVEL))
)
ADD_LABEL = AlterEnum("level", labels=["none", *LABELS], old_labels=LABELS)


@pytest.fixture(params=[False, True], ids=["client_side_binding", "server_side_binding"])
def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"server_side_binding": request.param}


@pytest.fixture
def pool(options: dict[str, Any]) -> None:
    options["pool"] = {"min_size": 1, "max_size": 1}


@pytest.fixture
def tasks(django_db_blocker: DjangoDbBlocker, options: dict[str, Any]) -> Iterator[Any]:
    """Provide a table with a row and an open connection with `options`."""
    state = project_state(TASK)
    with django_db_blocker.unblock(), new_default_database():
        settings = connections["default"].settings_dict
        settings["OPTIONS"] = settings["OPTIONS"] | options
        settings["CONN_MAX_AGE"] = 0
        task: Any = state.apps.get_model("music", "Task")
        applied(ProjectState(), CreateEnum("level", LABELS))
        with connection.schema_editor() as editor:
            editor.create_model(task)
        task.objects.create(level="low", levels=["low", "high"], grid=[["low"], ["high"]])
        yield task.objects
        connection.close()
        wrapper: Any = connections["default"]
        wrapper.close_pool()


def replace_type() -> None:
    """Replace the type, on another connection."""
    usual = connections["default"]
    connections["default"] = usual.copy()
    connections["default"].settings_dict["OPTIONS"] = {}
    try:
        applied(ProjectState(), ADD_LABEL)
    finally:
        connections["default"].close()
        connections["default"] = usual


def read(tasks: Any) -> list[Any]:
    """Return the results of every kind of query, with columns and parameters of the type."""
    tasks.filter(level="high").update(levels=["high"])
    return [
        tasks.filter(level="low").values_list("level", "levels", "grid").get(),
        tasks.filter(level__in=["low", "high"], levels__contains=["high"]).count(),
        tasks.aggregate(all=ArrayAgg("level"), most=models.Max("level")),
        tasks.values_list("levels__0", flat=True).get(),
    ]


def test_connection_open_while_a_type_is_replaced__reads_and_writes_as_before(tasks: Any) -> None:
    before = read(tasks)
    replace_type()
    assert (
        read(tasks)
        == before
        == [
            ("low", ["low", "high"], [["low"], ["high"]]),
            1,
            {"all": ["low"], "most": "low"},
            "low",
        ]
    )


@pytest.mark.usefixtures("pool")
def test_pool_while_a_type_is_replaced__reads_and_writes_as_before(tasks: Any) -> None:
    before = read(tasks)
    connection.close()
    replace_type()
    assert read(tasks) == before
