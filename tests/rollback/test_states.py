"""The states of the models between the operations: made once, however often a rollback runs."""

import pytest
from django.db import models
from django.db.migrations import AddField, Migration, RemoveField, RenameField, RunPython
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.rollback import states as module
from config.rollback.states import States
from config.rollback.trace import Mark
from tests.support.migrations import model, project

ALBUM = model("music.Album")
ADD, REMOVE = AddField("album", "year", models.IntegerField()), RemoveField("album", "year")


@pytest.fixture
def states() -> States:
    return States(project(ALBUM))


def migration(*operations: Operation) -> Migration:
    made = Migration("0002_x", "music")
    vars(made)["operations"] = [*operations]
    return made


def a_run() -> list[Migration]:
    """Return a migration as each run of a rollback has it, with operations of its own."""
    code = RunPython(RunPython.noop, RunPython.noop)
    return [migration(ADD, Mark(lambda: None), code, REMOVE, ADD)]


def fields(state: ProjectState) -> list[str]:
    return [*state.models["music", "album"].fields]


def test_states__are_those_before_and_after_each_operation(states: States) -> None:
    [changes] = states.changes(a_run())
    without, with_year = ["id"], ["id", "year"]
    assert [(fields(change.before), fields(change.after)) for change in changes] == [
        (without, with_year),
        (with_year, with_year),
        (with_year, with_year),
        (with_year, without),
        (without, with_year),
    ]


def test_states_of_another_run__have_the_same_models(states: States) -> None:
    first, second = (
        [change.after.apps.get_model("music", "album") for change in changes]
        for _ in range(2)
        for changes in states.changes(a_run())
    )
    assert first == second
    assert len({*first}) == 3


@pytest.mark.parametrize(("most", "is_kept"), [(3, True), (2, False)])
def test_models__released_if_there_are_many_states(
    states: States, monkeypatch: pytest.MonkeyPatch, most: int, is_kept: bool
) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", most)
    [[change, *_]] = states.changes(a_run())
    models_before = change.after.apps
    states.release(change.after)
    assert (change.after.apps is models_before) == is_kept


def test_key_that_is_renamed__referred_to_by_its_name_of_then() -> None:
    """Django gives a foreign key the new name in place, so in all states at once."""
    code = models.CharField(max_length=9, unique=True)
    key = models.ForeignKey("music.album", models.CASCADE, to_field="code")
    states = States(project(model("music.Album", code=code), model("music.Song", album=key)))
    [[change]] = states.changes([migration(RenameField("album", "code", "name"))])
    names = [
        state.apps.get_model("music", "song")._meta.get_field("album").target_field.name
        for state in (change.before, change.after)
    ]
    assert names == ["code", "name"]
