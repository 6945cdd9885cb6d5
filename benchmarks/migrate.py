"""python -m benchmarks.migrate [ROUNDS]: compare migrate on an empty database with psql.

Each round runs all programs, so that other load on the machine affects all of them. The server is
started before the first round.
"""

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from benchmarks.databases import new_database
from benchmarks.program import numbers, set_up
from config.embedded import BIN

PROJECT = Path(__file__).parents[1]
PSQL = [str(BIN / "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
CALL_OF_MIGRATE = """
import time, django
django.setup()
from django.core.management import call_command
start = time.perf_counter()
call_command("migrate", verbosity=0)
print(time.perf_counter() - start)
"""
# The record of migrations is not part of the schema that they create.
OBJECTS = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
                                   AND relname !~ '^django_migrations'
     UNION ALL
    SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
                                        AND conname !~ '^django_migrations'
     ORDER BY 1
"""


def main(rounds: int) -> None:
    times: defaultdict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "migrations.sql"
        script.write_text(sql_of_all_migrations())
        for _ in range(rounds):
            with scratch_database() as environment:
                seconds, _ = timed([*PSQL, f"--file={script}"], environment)
                times["psql, the same SQL"].append(seconds)
                wanted = objects(environment)
            with scratch_database() as environment:
                seconds, _ = timed([sys.executable, "manage.py", "migrate", "-v0"], environment)
                times["manage.py migrate"].append(seconds)
                if objects(environment) != wanted:
                    sys.exit("psql and migrate created different schemas, so there is no ratio.")
                seconds, _ = timed([sys.executable, "manage.py", "migrate", "-v0"], environment)
                times["migrate with nothing to do"].append(seconds)
            with scratch_database() as environment:
                _, output = timed([sys.executable, "-c", CALL_OF_MIGRATE], environment)
                times["the call of migrate alone"].append(float(output))
    print(f"Median of {rounds} rounds, on {version()}:")
    baseline = median(times["psql, the same SQL"])
    for what, seconds_taken in times.items():
        seconds = median(seconds_taken)
        print(f"{what:28}{seconds:8.2f} s{seconds / baseline:8.1f} x")


def sql_of_all_migrations() -> str:
    """Return the SQL that sqlmigrate prints for each migration."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    return "\n".join(
        "\n".join(["BEGIN;", *executor.loader.collect_sql([migration]), "COMMIT;"])
        for migration in plan
    )


def version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT split_part(version(), ' on ', 1)")
        [name] = cursor.fetchone()
        return str(name)


@contextmanager
def scratch_database() -> Iterator[dict[str, str]]:
    """Create a database for the block, and yield the environment to connect to it."""
    server = connection.connection.info
    with new_database() as name:
        yield os.environ | {
            "DATABASE_URL": f"postgres:///{name}",
            "DEBUG": "on",
            "PARTITION_MONTHS_AHEAD": "-1",  # no migration creates these partitions
            "PGDATABASE": name,
            "PGHOST": server.host,
            "PGPORT": str(server.port),
            "PGUSER": server.user,
            "PGPASSWORD": server.password,
        }


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, str]:
    """Return the seconds that `command` takes, and its output."""
    start = perf_counter()
    done = subprocess.run(  # noqa: S603
        command, cwd=PROJECT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return perf_counter() - start, done.stdout


def objects(environment: dict[str, str]) -> str:
    """Return the names of tables, indexes and constraints in the database."""
    _, output = timed([*PSQL, "--tuples-only", "--command", OBJECTS], environment)
    return output


if __name__ == "__main__":
    set_up()
    main(*numbers(5))
