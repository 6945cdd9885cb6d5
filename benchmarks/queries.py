"""python -m benchmarks.queries [--save FILE] [--compare FILE]: the queries of the design.

It runs every query of tests/queries/catalogue.py in the project's own database, about its longest
lists, and prints what PostgreSQL did for each. --save writes the measurements to a file; --compare
prints how they have grown since those of a file. The removal of an account is rolled back.
"""

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import django
from django.db import transaction

ROUNDS = 3
GROWN = 2
"""A query has grown if it reads more than this many times the pages for each row of its result, and
more than one: few pages have the rows of a small table."""


@dataclass(frozen=True)
class Measured:
    """The measurements of a query: what it returned, and what PostgreSQL read for that."""

    rows: int
    milliseconds: float
    pages: int
    indexes: list[str]
    tables_read_whole: list[str]


type Queries = dict[str, Measured]


def main(save: Path | None, compare: Path | None) -> None:
    before = load(compare) if compare else {}
    queries = measure()
    show(queries, before)
    if save:
        store(queries, save)


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
        raise SystemExit(f"The measurements are not saved: {error}. Name another file.") from None


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
    """Return the number of rows, which a count returns as its value."""
    if isinstance(result, int):
        return result
    return len(result) if isinstance(result, list) else 1


def remove(user: Any) -> int:
    """Remove an account with all that is theirs."""
    type(user).objects.filter(pk=user.pk).delete()
    return 1


def best(run: Callable[[], int]) -> Measured:
    """Return the measurements of the fastest of the rounds."""
    return min((measured(run) for _ in range(ROUNDS)), key=lambda query: query.milliseconds)


def measured(run: Callable[[], int]) -> Measured:
    """Run a query in a transaction that is rolled back."""
    from tests.queries.plans import explained, scans

    with transaction.atomic():
        before = scans()
        with explained() as plans:
            rows = run()
        after = scans()
        transaction.set_rollback(True)
    return Measured(
        rows,
        round(sum(plan.milliseconds for plan in plans), 3),
        sum(plan.pages for plan in plans),
        sorted({index for plan in plans for index in plan.indexes}),
        sorted(table for table, (whole, _) in after.items() if whole > before[table][0]),
    )


def show(queries: Queries, before: Queries) -> None:
    growth = {name: grown(queries[name], before[name]) for name in queries if name in before}
    print(f"{'query':38}{'rows':>7}{'ms':>9}{'pages':>8}{'growth':>8}  indexes")
    for name, query in queries.items():
        ratio = f"{growth[name]:.1f}" if name in growth else "-"
        print(
            f"{name:38}{query.rows:7}{query.milliseconds:9.2f}{query.pages:8}{ratio:>8}"
            f"  {', '.join(query.indexes)}"
        )
    whole = {name: ", ".join(query.tables_read_whole) for name, query in queries.items()}
    show_list("Read a table whole", [f"{name}: {whole[name]}" for name in queries if whole[name]])
    if before:
        names = [
            name for name in growth if growth[name] > GROWN and pages_per_row(queries[name]) > 1
        ]
        show_list(f"Read more than {GROWN} times the pages for each row", names)


def grown(query: Measured, before: Measured) -> float:
    """Return the pages for each row, as a ratio to those before."""
    return pages_per_row(query) / pages_per_row(before)


def pages_per_row(query: Measured) -> float:
    return max(query.pages, 1) / max(query.rows, 1)


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
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    main(**arguments())
