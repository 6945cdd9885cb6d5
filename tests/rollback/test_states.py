"""Model states between operations, built once for all attempts of a rollback."""

import pytest
from django.db import models
from django.db.migrations import (
    AddField,
    DeleteModel,
    Migration,
    RemoveField,
    RenameField,
    RunPython,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.rollback import states as module
from config.rollback.states import States
from tests.support.migrations import model, project_state

ALBUM = model("music.Album")
ADD, REMOVE = AddField("album", "year", models.IntegerField()), RemoveField("album", "year")
ADD_AGAIN = SeparateDatabaseAndState([ADD], [ADD])


@pytest.fixture
def states() -> States:
    return States(project_state(ALBUM))


def migration(*operations: Operation) -> Migration:
    migration = Migration("0002_x", "music")
    vars(migration)["operations"] = [*operations]
    return migration


def new_migrations() -> list[Migration]:
    """Return a migration with new operations, as each attempt of a rollback loads them."""
    code = RunPython(RunPython.noop, RunPython.noop)
    return [migration(ADD, code, REMOVE, ADD_AGAIN)]


def fields(state: ProjectState) -> list[str]:
    return [*state.models["music", "album"].fields]


def test_states__are_those_before_and_after_each_operation(states: States) -> None:
    [changes] = states.changes(new_migrations())
    without, with_year = ["id"], ["id", "year"]
    assert [(fields(change.before), fields(change.after)) for change in changes] == [
        (without, with_year),
        (with_year, with_year),
        (with_year, without),
        (without, with_year),
    ]


def test_operation_that_is_applied_to_the_database_only__leaves_the_models(states: States) -> None:
    [changes] = states.changes([migration(SeparateDatabaseAndState([ADD]), ADD)])
    assert [(fields(change.before), fields(change.after)) for change in changes] == [
        (["id"], ["id", "year"]),
        (["id"], ["id", "year"]),
    ]


def test_operation_that_overrides_the_undoing_of_its_parts__undone_as_a_whole(
    states: States,
) -> None:
    class OnlyForwards(SeparateDatabaseAndState):
        def database_backwards(self, *args: object) -> None:
            pass

    whole = OnlyForwards([ADD], [ADD])
    [changes] = states.changes([migration(whole)])
    assert [change.operation for change in changes] == [whole]


def test_states_of_another_run__have_the_same_models(states: States) -> None:
    first, second = (
        [change.after.apps.get_model("music", "album") for change in changes]
        for _ in range(2)
        for changes in states.changes(new_migrations())
    )
    assert first == second
    assert len({*first}) == 3


@pytest.mark.parametrize(
    ("most", "number", "is_kept"),
    [(4, 0, True), (3, 0, False), pytest.param(3, 1, True, id="code, which changes nothing")],
)
def test_models__released_if_there_are_many_states(
    states: States, monkeypatch: pytest.MonkeyPatch, most: int, number: int, is_kept: bool
) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", most)
    [changes] = states.changes(new_migrations())
    change = changes[number]
    models_before = change.after.apps
    states.release(change)
    assert (change.after.apps is models_before) == is_kept


def test_referenced_field_renamed__referred_to_by_its_name_at_the_time() -> None:
    """Django renames a field in place, and so in all states at once."""
    code = models.CharField(max_length=9, unique=True)
    key = models.ForeignKey("music.album", models.CASCADE, to_field="code")
    states = States(project_state(model("music.Album", code=code), model("music.Song", album=key)))
    [[change]] = states.changes([migration(RenameField("album", "code", "name"))])
    names = [
        state.apps.get_model("music", "song")._meta.get_field("album").target_field.name
        for state in (change.before, change.after)
    ]
    assert names == ["code", "name"]


class Code(RunPython):
    """An operation of a third-party package that runs code and changes the state."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        ADD.state_forwards(app_label, state)


def test_code_that_also_changes_the_state__changes_it(states: States) -> None:
    assert fields(states.last([migration(Code(RunPython.noop))])) == ["id", "year"]


def test_state_that_cannot_be_built__is_not_kept(states: States) -> None:
    run = [migration(RemoveField("album", "month"))]
    for _ in range(2):
        with pytest.raises(KeyError, match="month"):
            states.last(run)


def test_foreign_key_to_a_model_that_the_state_no_longer_has__still_refers_to_it() -> None:
    """A migration may delete a model before the fields that refer to it."""
    key = models.ForeignKey("music.album", models.CASCADE)
    states = States(project_state(ALBUM, model("music.Song", album=key)))
    [[_, change]] = states.changes([migration(DeleteModel("Album"), RemoveField("song", "album"))])
    field = change.before.apps.get_model("music", "song")._meta.get_field("album")
    assert field.related_model is states.first.apps.get_model("music", "album")
