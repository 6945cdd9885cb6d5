"""python -m benchmarks.admin [ENROLLMENTS [ROUNDS]]: measure the time of each page of the admin.

It requests every page in-process, first with a new database of that many enrollments, then with the
project's own database. It prints the slowest pages of the second run, with their growth since the
first run. In the project's own database it only inserts an account, which is rolled back.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from benchmarks.databases import migrated_database
from benchmarks.program import numbers, set_up

SLOWEST = 25
QUICK = 0.1
"""The time in seconds below which a page is not requested again."""
NOT_QUERIES = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT set_config")


@dataclass(frozen=True)
class Measured:
    """The measurements of a page."""

    kind: str
    seconds: float
    queries: int
    status: int


type Pages = dict[str, Measured]


def main(enrollments: int, rounds: int) -> None:
    with migrated_database():
        call_command("seed_demo", scale=str(enrollments), verbosity=0)
        small = measure(rounds)
    large = measure(rounds)
    show_kinds(large, small)
    show_slowest(large, small)
    show_failures(large)


def measure(rounds: int) -> Pages:
    from benchmarks.pages import every_page
    from users.enums import Role
    from users.models import User

    with transaction.atomic():
        user = User.objects.create_user("benchmark@example.com", role=Role.ADMIN)
        client = Client(raise_request_exception=False, SERVER_NAME="localhost")
        client.force_login(user)
        found = {page.name: measured(page, client, rounds) for page in every_page(user)}
        transaction.set_rollback(True)
    return found


def measured(page: Any, client: Client, rounds: int) -> Measured:
    """Return the shortest time of the rounds, after a request that fills caches."""
    with counted_queries() as queries:
        status, _ = request(page, client)
    seconds = float("inf")
    for _ in range(rounds):
        seconds = min(seconds, request(page, client)[1])
        if seconds < QUICK:
            break
    return Measured(page.kind, seconds, len(queries), status)


def request(page: Any, client: Client) -> tuple[int, float]:
    """Request a page, and return the status and the seconds until the first byte."""
    cache.clear()
    start = perf_counter()
    with transaction.atomic():  # an error in one page must not affect the next page
        send = client.get if page.method == "GET" else client.post
        response: Any = send(page.address, page.parameters, secure=True)
        if response.streaming:
            next(iter(response.streaming_content))
    return response.status_code, perf_counter() - start


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """Collect the queries of the block, except savepoints and set_config()."""
    queries: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        if not str(sql).startswith(NOT_QUERIES):
            queries.append(sql)
        return execute(sql, *arguments)

    with connection.execute_wrapper(note):
        yield queries


def show_kinds(large: Pages, small: Pages) -> None:
    kinds: dict[str, list[str]] = defaultdict(list)
    for name, page in large.items():
        kinds[page.kind].append(name)
    print(f"{'kind':18}{'pages':>6}{'median s':>10}{'max s':>8}{'growth':>8}{'most queries':>14}")
    for kind, names in kinds.items():
        seconds = [large[name].seconds for name in names]
        before = [small[name] for name in names if name in small]
        ratios = [large[name].seconds / small[name].seconds for name in names if name in small]
        queries = [max(page.queries for page in before) if before else 0]
        queries.append(max(large[name].queries for name in names))
        print(
            f"{kind:18}{len(names):6}{median(seconds):10.3f}{max(seconds):8.3f}"
            f"{median(ratios or [0]):8.1f}{queries[0]:8} ->{queries[1]:3}"
        )


def show_slowest(large: Pages, small: Pages) -> None:
    print(f"\n{'seconds':>8}{'growth':>8}{'queries':>9}")
    for name in sorted(large, key=lambda name: -large[name].seconds)[:SLOWEST]:
        page, before = large[name], small.get(name)
        growth = page.seconds / before.seconds if before else 0
        print(f"{page.seconds:8.3f}{growth:8.1f}{page.queries:9}  {name}")


def show_failures(pages: Pages) -> None:
    for name, page in pages.items():
        if page.status not in (200, 302):
            print(f"status {page.status}: {name}")


if __name__ == "__main__":
    set_up()
    main(*numbers(20_000, 3))
