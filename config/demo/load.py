"""Into the database: what has to hold before, and COPY."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import batched
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor

from config.demo import events
from config.demo.errors import DemoError, HasDataError
from config.demo.events import EventLog
from config.demo.platform import Platform
from config.demo.rows import TABLES, Row

BATCH = 20_000
"""How many rows are held before they are written."""
NOT_ADMINISTRATORS = {
    "users": "role <> 'admin'",
    "user_profiles": "user_id IN (SELECT id FROM users WHERE role <> 'admin')",
}
"""Accounts of administrators are no data: somebody has to look at it."""

Batch = dict[str, list[dict[str, Any]]]
Report = Callable[[Counter[str]], None]


def check_migrated(connection: BaseDatabaseWrapper) -> None:
    """Raises DemoError unless all migrations are applied."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        number = "1 migration is" if len(missing) == 1 else f"{len(missing)} migrations are"
        raise DemoError(
            f"{number} missing in database {name_of(connection)}, the first is {missing[0][0]}. "
            "Run manage.py migrate."
        )


def load(
    connection: BaseDatabaseWrapper, platform: Platform, report: Report, *, replace: bool = False
) -> Counter[str]:
    """Write all of it or nothing; how many rows of each table."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        # Nobody else fills it meanwhile, and nobody has to wait who only reads.
        cursor.execute("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
        if replace:
            delete_data(cursor)
        else:
            check_empty(connection, cursor)
        # At each COPY instead of at the end: the server would have to remember every row for it.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        written: Counter[str] = Counter()
        try:
            with connection.wrap_database_errors:
                copy_rows(cursor, platform.rows(), written, report)
                copy_events(cursor, platform.log, written, report)
        except IntegrityError as error:
            raise DemoError(clash(error)) from error
    tidy_up(connection)
    return written


def check_empty(connection: BaseDatabaseWrapper, cursor: CursorWrapper) -> None:
    """Raises DemoError if there is any row but those of administrators' accounts."""
    for table in TABLES:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE {condition(table)}")  # noqa: S608
        [rows] = cursor.fetchone()
        if rows:
            raise HasDataError(
                f"Database {name_of(connection)} has data: table {table} has {rows:,} "
                f"row{'s' * (rows > 1)}. Add --replace to delete all data but the accounts of "
                "administrators first, or take an empty database."
            )


def delete_data(cursor: CursorWrapper) -> None:
    others = [table for table in TABLES if table not in NOT_ADMINISTRATORS]
    cursor.execute(f"TRUNCATE {', '.join(others)}")
    for table in reversed(NOT_ADMINISTRATORS):
        cursor.execute(f"DELETE FROM {table} WHERE {condition(table)}")  # noqa: S608


def condition(table: str) -> str:
    return NOT_ADMINISTRATORS.get(table, "true")


def copy_rows(
    cursor: CursorWrapper, rows: Iterable[Row], written: Counter[str], report: Report
) -> None:
    """While the server takes a batch, the next one is made."""
    with ThreadPoolExecutor(max_workers=1) as writer:
        copying: Future[None] | None = None
        for batch in batches(rows):
            if copying:
                copying.result()
                report(written)
            copying = writer.submit(copy_batch, cursor, batch)
            written.update({table: len(of_table) for table, of_table in batch.items()})
        if copying:
            copying.result()


def batches(rows: Iterable[Row]) -> Iterator[Batch]:
    batch: Batch = {table: [] for table in TABLES}
    for number, (table, row) in enumerate(rows, start=1):
        batch[table].append(row)
        if number % BATCH == 0:
            yield batch
            batch = {table: [] for table in TABLES}
    yield batch


def copy_batch(cursor: CursorWrapper, batch: Batch) -> None:
    """Parents first, which is the order of the tables."""
    for table, rows in batch.items():
        if rows:
            columns = ", ".join(rows[0])
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(tuple(row.values()))


def copy_events(
    cursor: CursorWrapper, log: EventLog, written: Counter[str], report: Report
) -> None:
    statement = f"COPY {events.TABLE} ({', '.join(events.COLUMNS)}) FROM STDIN"
    for lines in log.in_order():
        with cursor.copy(statement) as copy:
            for part in batched(lines, BATCH):
                copy.write("".join(part))
        written[events.TABLE] += len(lines)
        report(written)


def clash(error: IntegrityError) -> str:
    """With what is there already, such as an administrator's account."""
    diagnosis = getattr(error.__cause__, "diag", None)
    detail = diagnosis.message_detail if diagnosis else error
    return f"{detail} Nothing was written. Choose another --seed."


def tidy_up(connection: BaseDatabaseWrapper) -> None:
    """Statistics, and what makes index-only scans and block ranges work, as autovacuum would."""
    if connection.in_atomic_block:
        return
    # Who is tired of waiting may leave it to autovacuum: all rows are there.
    with suppress(KeyboardInterrupt), connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")


def name_of(connection: BaseDatabaseWrapper) -> str:
    return str(connection.settings_dict["NAME"])
