"""distribute on a server without Citus."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.support.migrations import run_sql

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


# The objects of Citus that its answers come from, without Citus.
CITUS = """
    INSERT INTO pg_extension SELECT max(oid::bigint) + 1, 'citus', 10, 11, false, '13.0'
      FROM pg_extension;
    CREATE FUNCTION citus_is_coordinator() RETURNS bool LANGUAGE sql RETURN {coordinator};
    CREATE TABLE pg_dist_node (
        groupid int, isactive bool DEFAULT true, shouldhaveshards bool DEFAULT true,
        noderole text DEFAULT 'primary'
    );
    INSERT INTO pg_dist_node VALUES {nodes};
"""
NOT_READY = {
    "worker": (
        {"coordinator": False, "nodes": "(0), (1)"},
        "Database {database} is on a worker. Set DATABASE_URL to the cluster's coordinator.",
    ),
    "not registered": (
        {"coordinator": True, "nodes": "(1)"},
        "The coordinator is not registered in the cluster, so its local tables cannot have "
        "foreign keys to distributed tables. On the coordinator, run SELECT "
        "citus_set_coordinator_host('HOST', PORT);",
    ),
    "no servers for rows": (
        {"coordinator": True, "nodes": "(0, true, false)"},
        "No server of the cluster keeps rows. Run SELECT citus_add_node('HOST', PORT); for each "
        "worker.",
    ),
}


@pytest.mark.parametrize(("answers", "reason"), NOT_READY.values(), ids=NOT_READY)
def test_distribute_on_a_cluster_that_is_not_ready__is_one_line(
    answers: dict[str, object], reason: str
) -> None:
    run_sql(CITUS.format(**answers))
    with pytest.raises(CommandError) as refusal:
        call_command("distribute", "--plan")
    assert str(refusal.value) == reason.format(database=connection.settings_dict["NAME"])
