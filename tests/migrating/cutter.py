"""python -m tests.migrating.cutter [APP...]: a process that runs migrate, and cuts it short.

It installs the named apps, or all apps. Each line on stdin is one run: a database, a way to cut the
run, and the number of the statement before which the run is cut, or 0 for never. The answer on
stdout is a JSON object with the exit status, stderr and the number of statements. Each run is a
fork, because starting Django takes longer than a run.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import django
import psycopg
from django.conf import settings
from django.db import connection

import manage
from tests.support.databases import libpq_parameters
from tests.support.forks import in_fork


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def disconnect() -> None:
    end_sessions("pid = %s", [connection.connection.info.backend_pid])


def lose_lock() -> None:
    end_sessions("application_name LIKE 'migrate by pid ' || %s || ' %%'", [str(os.getpid())])


def end_sessions(condition: str, parameters: list[Any]) -> None:
    query = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {condition}"
    with psycopg.connect(**libpq_parameters(connection)) as other:
        other.execute(query.encode(), parameters)


def stop_server() -> None:
    directory = Path(settings.DATABASES["default"]["EMBEDDED_POSTGRES_DIR"])
    os.kill(int((directory / "postmaster.pid").read_text().split("\n")[0]), signal.SIGKILL)


WAYS = {
    way.__name__: way for way in (kill, interrupt, terminate, disconnect, lose_lock, stop_server)
}


class Cut:
    """An execute_wrapper that counts statements, and calls `way` before statement `number`."""

    def __init__(self, way: Callable[[], None], number: int) -> None:
        self.way, self.number = way, number
        self.count = 0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.count += 1
        if self.count == self.number:
            self.way()
        return execute(*arguments)


def migrate(database: str, cut: Cut) -> int:
    """Return the exit status of `manage.py migrate`."""
    connection.settings_dict["NAME"] = database
    sys.argv = ["manage.py", "migrate", "-v0", "--skip-checks"]  # checks import the admin
    with connection.execute_wrapper(cut):
        try:
            manage.main()
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


def migrate_and_exit(database: str, cut: Cut) -> None:
    """Run migrate, print the number of statements, and exit with the status of migrate."""
    status = migrate(database, cut)
    print(cut.count, flush=True)
    sys.stderr.flush()
    os._exit(status)


def in_child(database: str, cut: Cut) -> dict[str, Any]:
    status, out, err = in_fork(partial(migrate_and_exit, database, cut))
    return {"status": status, "err": err, "statements": int(out or 0)}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    settings.INSTALLED_APPS = sys.argv[1:] or settings.INSTALLED_APPS
    django.setup()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs ignore SIGINT
    for line in sys.stdin:
        name, way, number = line.split()
        print(json.dumps(in_child(name, Cut(WAYS[way], int(number)))), flush=True)
