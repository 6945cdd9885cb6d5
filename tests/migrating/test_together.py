"""Concurrent runs of migrate on an empty database, directly and through PgBouncer."""

import os
import subprocess
from contextlib import nullcontext, suppress
from typing import Any

import psycopg
import pytest

from tests.support.few_apps import MANAGE_FEW_APPS
from tests.support.processes import PATIENCE, PROJECT, PYTHON, environment, eventually
from tests.support.servers import PGBOUNCER, Server, pgbouncer

SEVERAL = int(os.environ.get("MIGRATE_SEVERAL", 2))
RECORDS = "SELECT count(*), count(DISTINCT (app, name)) FROM django_migrations"


def start(url: str, **variables: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*PYTHON, "-c", MANAGE_FEW_APPS, "migrate", "--skip-checks"],  # checks import the admin
        cwd=PROJECT,
        env=environment(DATABASE_URL=url, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("is_pooled", "variables"),
    [(False, {"DATABASE_POOL_SIZE": 1}), (True, {"DATABASE_SERVER_SIDE_BINDING": "on"})],
    ids=["with_own_pools", "through_pgbouncer"],
)
def test_several_migrate_at_once__one_applies_all_and_the_others_nothing(
    server: Server, database: str, is_pooled: bool, variables: dict[str, object]
) -> None:
    if is_pooled and PGBOUNCER is None:
        pytest.skip("needs PgBouncer, e.g. Debian's package pgbouncer")
    with pgbouncer(server) if is_pooled else nullcontext(server) as front:
        processes = [start(front.url(database), **variables) for _ in range(SEVERAL)]
        outputs = [process.communicate(timeout=PATIENCE) for process in processes]
    assert [err for _, err in outputs] == [""] * SEVERAL
    with server.connect(database) as connection:
        all_of_them = count_applied(connection)
    done = sorted(out.count("... OK") for out, _ in outputs)
    assert done == [0] * (SEVERAL - 1) + [all_of_them]


# A migration waits for an advisory lock when it has created the accounts.
PAUSE = """
    CREATE FUNCTION pause() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF to_regclass('users') IS NOT NULL THEN PERFORM pg_advisory_xact_lock_shared(1); END IF;
    END $$;
    CREATE EVENT TRIGGER pause ON ddl_command_end EXECUTE FUNCTION pause();
"""
PAUSED = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def test_migrate_that_waits_for_one_that_is_killed__takes_over(
    server: Server, database: str
) -> None:
    with server.connect(database) as connection:
        connection.execute(PAUSE)
        connection.execute("SELECT pg_advisory_lock(1)")
        holder = start(server.url(database), MIGRATE_LOCK_TIMEOUT=0)
        assert eventually(lambda: connection.execute(PAUSED).fetchone() is not None)
        heir = start(server.url(database))
        assert heir.stdout is not None
        assert heir.stdout.readline().startswith("Waiting for migrate by pid ")
        before = count_applied(connection)
        holder.kill()
        holder.communicate()
        connection.execute("SELECT pg_advisory_unlock(1)")
        out, err = heir.communicate(timeout=PATIENCE)
        assert (heir.returncode, err) == (0, "")
        assert before + out.count("... OK") == count_applied(connection) > before


def count_applied(connection: psycopg.Connection[Any]) -> int:
    """Return the number of recorded migrations; check that none is recorded twice."""
    with suppress(psycopg.errors.UndefinedTable):
        [(number, different)] = connection.execute(RECORDS).fetchall()
        assert number == different
        return int(number)
    return 0
