"""python -m benchmarks.seed_demo [ENROLLMENTS [ROUNDS]]: compare seed_demo with COPY.

seed_demo fills a database, and COPY TO writes its rows to files. COPY FROM reads the files into the
same tables with the same constraints and indexes, one table after the other. seed_demo and COPY
FROM each get a new database in each round.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from django.core.management import call_command
from django.db import connection

from benchmarks.databases import administrate, connected_to, new_database
from benchmarks.program import numbers, seconds, set_up

UNTIL = "2026-01-01"
TEMPLATE = f"benchmark_{os.getpid()}_template"


def main(enrollments: int, rounds: int) -> None:
    times: dict[str, list[float]] = {"COPY of the same rows": [], "seed_demo": []}
    with template(), tempfile.TemporaryDirectory() as name:
        files = Path(name)
        with copy_of_template():
            seed(enrollments)
            export(files)
            expected = digest()
        for _ in range(rounds):
            with copy_of_template():
                times["COPY of the same rows"].append(seconds(lambda: copy(files)))
                if digest() != expected:
                    sys.exit("COPY and seed_demo wrote different rows, so there is no ratio.")
            with copy_of_template():
                times["seed_demo"].append(seconds(lambda: seed(enrollments)))
                if digest() != expected:
                    sys.exit("seed_demo wrote different rows than before, so there is no ratio.")
    show(times, sum(int(rows) for rows, _ in expected), rounds)


def show(times: dict[str, list[float]], rows: int, rounds: int) -> None:
    baseline = median(times["COPY of the same rows"])
    print(f"{rows:,} rows, median of {rounds} rounds   seconds    rows/s   speed")
    for what, of_rounds in times.items():
        time = median(of_rounds)
        print(f"{what:40}{time:8.1f}{rows / time:10,.0f}{baseline / time:8.2f}")


def seed(enrollments: int) -> None:
    call_command("seed_demo", scale=str(enrollments), until=UNTIL, verbosity=0)


def copy(files: Path) -> None:
    """Write the files into the tables."""
    from config.demo import TABLES

    with connection.cursor() as cursor:
        for table in TABLES:
            with (
                cursor.copy(f"COPY {table} FROM STDIN") as copy,
                (files / table).open("rb") as file,
            ):
                while block := file.read(1 << 20):
                    copy.write(block)


def export(files: Path) -> None:
    from config.demo import TABLES

    with connection.cursor() as cursor:
        for table in TABLES:
            # COPY cannot read a partitioned table, and a query would read generated columns.
            source = "(TABLE analytics_events)" if table == "analytics_events" else table
            with (
                cursor.copy(f"COPY {source} TO STDOUT") as copy,
                (files / table).open("wb") as file,
            ):
                for block in copy:
                    file.write(block)


def digest() -> list[tuple[int, str]]:
    """Return the number of rows and a checksum of each table."""
    from config.demo import TABLES

    with connection.cursor() as cursor:
        sums = []
        for table in TABLES:
            cursor.execute(f"SELECT count(*), sum(hashtext(t::text))::text FROM {table} t")  # noqa: S608
            sums.append(cursor.fetchone())
    return sums


@contextmanager
def template() -> Iterator[None]:
    """Create a migrated database for the block, as a template."""
    with new_database(TEMPLATE):
        with connected_to(TEMPLATE):
            call_command("migrate", verbosity=0)
        yield


@contextmanager
def copy_of_template() -> Iterator[None]:
    """Connect the default connection to a new copy of the template during the block."""
    with new_database(template=TEMPLATE) as name:
        administrate("CHECKPOINT")
        with connected_to(name):
            yield


if __name__ == "__main__":
    set_up()
    main(*numbers(20_000, 3))
