"""python -m benchmarks.seed_demo [ENROLLMENTS [ROUNDS]]: seed_demo, as a ratio to a bare COPY.

seed_demo fills a database, and COPY TO writes its rows to files. A bare COPY reads the files into
the same tables with the same constraints and indexes, one table after the other. Each contender
gets a new database in each round.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

import django
from django.core.management import call_command
from django.db import connection

from benchmarks.databases import administrate, connected_to, new_database

UNTIL = "2026-01-01"
TEMPLATE = f"benchmark_{os.getpid()}_template"


def main(enrollments: int, rounds: int) -> None:
    times: dict[str, list[float]] = {"COPY of the same rows": [], "seed_demo": []}
    with template(), tempfile.TemporaryDirectory() as name:
        files = Path(name)
        with contender():
            seed(enrollments)
            export(files)
            expected = digest()
        for _ in range(rounds):
            with contender():
                times["COPY of the same rows"].append(timed(lambda: copy(files)))
                if digest() != expected:
                    sys.exit("COPY and seed_demo wrote different rows, so there is no ratio.")
            with contender():
                times["seed_demo"].append(timed(lambda: seed(enrollments)))
                if digest() != expected:
                    sys.exit("seed_demo wrote different rows than before, so there is no ratio.")
    show(times, sum(int(rows) for rows, _ in expected), rounds)


def show(times: dict[str, list[float]], rows: int, rounds: int) -> None:
    baseline = median(times["COPY of the same rows"])
    print(f"{rows:,} rows, median of {rounds} rounds   seconds    rows/s   speed")
    for what, all_seconds in times.items():
        seconds = median(all_seconds)
        print(f"{what:40}{seconds:8.1f}{rows / seconds:10,.0f}{baseline / seconds:8.2f}")


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
            with cursor.copy(f"COPY {table} TO STDOUT") as copy, (files / table).open("wb") as file:
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


def timed(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


@contextmanager
def template() -> Iterator[None]:
    """Create a migrated database for the block, as a template for others."""
    with new_database(TEMPLATE):
        with connected_to(TEMPLATE):
            call_command("migrate", verbosity=0)
        yield


@contextmanager
def contender() -> Iterator[None]:
    """Connect the default connection to a new database during the block."""
    with new_database(template=TEMPLATE) as name:
        administrate("CHECKPOINT")
        with connected_to(name):
            yield


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    numbers = [int(number) for number in sys.argv[1:3]]
    main(*numbers, *(20_000, 3)[len(numbers) :])
