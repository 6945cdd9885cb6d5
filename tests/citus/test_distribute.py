"""distribute on a server without Citus."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("options", [[], ["--plan"], ["--undo"], ["--noinput"]], ids=str)
def test_distribute_without_citus__is_one_line(options: list[str]) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("distribute", *options)
    database = connection.settings_dict["NAME"]
    assert str(refusal.value) == (
        f"Database {database} has no extension citus, so its tables cannot be distributed. "
        "Install Citus on each server, and run CREATE EXTENSION citus in the database there."
    )
