"""python -m benchmarks.queries [--save FILE] [--compare FILE]: measure the queries of the design.

It runs every query of tests/queries/catalogue.py in the project's own database, for its longest
lists. It prints the rows, time, pages and indexes of each query. --save writes these measurements
to a file. --compare prints their growth since a file was saved, and exits with status 1 if a query
has grown or reads a whole table. The removal of an account is rolled back.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from benchmarks.program import set_up

ROUNDS = 3
GROWN, FEW = 2, 10
"""A query may read two pages for each row (one of an index, one of the table) and FEW more. A query
that reads more, and over GROWN times as many pages per row as before, has grown. Tables and
partitions of fewer than FEW pages may be read whole."""

PAGES = """
SELECT coalesce(sum(pg_stat_get_xact_blocks_fetched(oid)), 0)::int
  FROM pg_class WHERE oid >= 16384  -- not a catalog of PostgreSQL
"""


@dataclass(frozen=True)
class Measured:
    """The measurements of a query: the rows that it returned and the pages that were read."""

    rows: int
    milliseconds: float
    pages: int
    indexes: list[str]
    tables_read_whole: list[str]


type Queries = dict[str, Measured]


def main(save: Path | None, compare: Path | None) -> bool:
    """Return False if `compare` is given and a query has grown or reads a whole table."""
    before = load(compare) if compare else {}
    queries = measure()
    problems = show(queries, before)
    if save:
        store(queries, save)
    return not (compare and problems)


def load(file: Path) -> Queries:
    try:
        return {name: Measured(**query) for name, query in json.loads(file.read_text()).items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise SystemExit(
            f"{file} has no measurements to compare with: {error}. Name a file that --save wrote."
        ) from None


def store(queries: Queries, file: Path) -> None:
    try:
        file.write_text(json.dumps({name: asdict(query) for name, query in queries.items()}))
    except OSError as error:
        raise SystemExit(f"The measurements were not saved: {error}. Name another file.") from None


def measure() -> Queries:
    from benchmarks.longest_lists import look_up
    from tests.queries.catalogue import QUERIES

    platform = look_up()
    queries = {
        str(query): best(lambda query=query: rows_of(query.result(platform)))  # type: ignore[misc]
        for query in QUERIES
    }
    return queries | {"28 account removal": best(lambda: remove(platform.student))}


def rows_of(result: Any) -> int:
    """Return the number of rows. For a count or a report, return the counted number."""
    if isinstance(result, int):
        return result
    rows = result if isinstance(result, list) else [result]
    return sum(row["events"] if isinstance(row, dict) else 1 for row in rows)


def remove(user: Any) -> int:
    """Remove an account with all rows that belong to it."""
    type(user).objects.filter(pk=user.pk).delete()
    return 1


def best(run: Callable[[], int]) -> Measured:
    """Return the measurements of the fastest of the rounds."""
    return min((measured(run) for _ in range(ROUNDS)), key=lambda query: query.milliseconds)


def measured(run: Callable[[], int]) -> Measured:
    """Run a query, and run it again with EXPLAIN. Roll back its changes."""
    from tests.queries.plans import explained, scans

    with undone():
        scans_before, pages_before = scans(FEW), pages()
        rows = run()
        scans_after, pages_after = scans(FEW), pages()
    with undone(), explained() as plans:
        run()
    return Measured(
        rows,
        round(sum(plan.milliseconds for plan in plans), 3),
        pages_after - pages_before,
        sorted({index for plan in plans for index in plan.indexes}),
        sorted(
            table for table, (whole, _) in scans_after.items() if whole > scans_before[table][0]
        ),
    )


def pages() -> int:
    """Return the number of pages that this session has read so far, also for planning."""
    with connection.cursor() as cursor:
        cursor.execute(PAGES)
        return int(cursor.fetchone()[0])


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def show(queries: Queries, before: Queries) -> list[str]:
    """Print the measurements. Return the queries that have grown or read a whole table."""
    growth = {name: growth_of(queries[name], before[name]) for name in queries if name in before}
    print(f"{'query':38}{'rows':>7}{'ms':>9}{'pages':>8}{'growth':>8}  indexes")
    for name, query in queries.items():
        ratio = f"{growth[name]:.1f}" if name in growth else "-"
        print(
            f"{name:38}{query.rows:7}{query.milliseconds:9.2f}{query.pages:8}{ratio:>8}"
            f"  {', '.join(query.indexes)}"
        )
    whole = [
        f"{name}: {', '.join(query.tables_read_whole)}"
        for name, query in queries.items()
        if query.tables_read_whole
    ]
    show_list("Read a table whole", whole)
    names = [name for name in growth if growth[name] > GROWN and many_pages(queries[name])]
    if before:
        show_list(f"Read more than {GROWN} times as many pages per row as before", names)
    return whole + names


def growth_of(query: Measured, before: Measured) -> float:
    """Return the ratio of the pages per row to the earlier pages per row."""
    return pages_per_row(query) / pages_per_row(before)


def pages_per_row(query: Measured) -> float:
    return max(query.pages, 1) / max(query.rows, 1)


def many_pages(query: Measured) -> bool:
    return query.pages > FEW + 2 * query.rows


def show_list(heading: str, names: list[str]) -> None:
    print(f"\n{heading}:")
    for name in names or ["none"]:
        print(f"  {name}")


def arguments() -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queries")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the measurements to FILE")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="show the growth since FILE")
    return vars(parser.parse_args())


if __name__ == "__main__":
    set_up()
    sys.exit(0 if main(**arguments()) else 1)
