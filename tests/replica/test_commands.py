"""Commands that refuse to run on a replica, or on a standby in DATABASE_URL."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from tests.support.standby import Pair, databases, url


@pytest.mark.parametrize(
    "command",
    [
        ["migrate"],
        ["migrate", "--plan"],
        ["verify_schema", "--expect=snapshot"],
        ["rollback", "payments"],
        ["partitions"],
        ["distribute"],
        ["seed_demo"],
        ["make_admin"],
    ],
    ids=" ".join,
)
def test_command_for_the_replica__names_the_primary(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = connections.settings["default"] | {"PORT": 1, "TEST": {"MIRROR": "default"}}
    monkeypatch.setitem(connections.settings, "replica", replica)
    with pytest.raises(CommandError) as refusal:
        call_command(*command, "--database=replica")
    assert str(refusal.value) == (
        "The connection replica leads to a standby, which has the tables and rows of its "
        "primary. Use --database default."
    )


@pytest.mark.parametrize(
    "command",
    [["migrate"], ["rollback", "payments"], ["partitions", "--ahead=120"]],
    ids=" ".join,
)
def test_command_that_changes_a_standby__names_the_primary(pair: Pair, command: list[str]) -> None:
    with databases(default=url(pair.standby)), pytest.raises(CommandError) as refusal:
        call_command(*command)
    assert str(refusal.value) == (
        "The server is a standby, which takes no changes. Nothing was changed. Point DATABASE_URL "
        "at the primary."
    )
