"""The loader, which checks the database and writes all rows with COPY."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from django.core.management.base import CommandError
from django.db import Error, IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from analytics.models import AnalyticsEvent
from config.console import counted
from config.demo.events import EVENT_COLUMNS, EVENT_TABLE, EventLog
from config.demo.platform import Platform
from config.demo.rows import TABLES, Row
from config.partitions import make_months, read_partitions
from config.postgres import LONGEST_GAP, months_between
from config.postgres.backend import autocommit_on, begin, certain_commit

BATCH_ROWS = 20_000
"""The number of rows that are collected before they are written."""
LOCK_TIMEOUT = "10s"
"""The longest wait for the lock of the table users. Other sessions queue behind this session."""
DATA_CONDITIONS = {
    "users": "role <> 'admin'",
    "user_profiles": "user_id IN (SELECT id FROM users WHERE role <> 'admin')",
}
"""Conditions that exclude the accounts of administrators, which do not count as data."""

Batch = dict[str, list[dict[str, Any]]]
Report = Callable[[Counter[str]], None]


class HasDataError(CommandError):
    """The error for a database that is not empty."""


def load(
    connection: BaseDatabaseWrapper, platform: Platform, report: Report, *, replace: bool = False
) -> Counter[str]:
    """Write all rows in one transaction, and return the number of rows of each table."""
    with certain_commit(connection), connection.cursor() as cursor:
        with connection.wrap_database_errors:
            begin(connection.connection, {"lock_timeout": LOCK_TIMEOUT})
        # Keep other sessions, such as a second seed_demo, from adding accounts meanwhile.
        cursor.execute("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
        if replace:
            delete_data(cursor)
        else:
            check_empty(connection, cursor)
        # Check each COPY at once, because the server keeps all deferred checks in memory.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        written: Counter[str] = Counter()
        try:
            with connection.wrap_database_errors:
                copy_rows(cursor, platform.rows(), written, report)
                make_event_months(connection, platform.log)
                copy_events(cursor, platform.log, written, report)
        except IntegrityError as error:
            raise CommandError(clash(error)) from error
    tidy_up(connection)
    return written


def check_empty(connection: BaseDatabaseWrapper, cursor: CursorWrapper) -> None:
    """Raise HasDataError if there are rows other than the accounts of administrators."""
    for table in TABLES:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE {condition(table)}")  # noqa: S608
        [rows] = cursor.fetchone()
        if rows:
            raise HasDataError(
                f"Database {connection.settings_dict['NAME']} is not empty: table {table} has "
                f"{counted(rows, 'row')}. Pass --replace to delete all data except the accounts "
                "of administrators, or use an empty database."
            )


def delete_data(cursor: CursorWrapper) -> None:
    others = [table for table in TABLES if table not in DATA_CONDITIONS]
    cursor.execute(f"TRUNCATE {', '.join(others)}")
    for table in reversed(DATA_CONDITIONS):
        cursor.execute(f"DELETE FROM {table} WHERE {condition(table)}")  # noqa: S608


def condition(table: str) -> str:
    return DATA_CONDITIONS.get(table, "true")


def copy_rows(
    cursor: CursorWrapper, rows: Iterable[Row], written: Counter[str], report: Report
) -> None:
    """Write the rows in batches. While a batch is being written, generate the next one."""
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
        if number % BATCH_ROWS == 0:
            yield batch
            batch = {table: [] for table in TABLES}
    yield batch


def copy_batch(cursor: CursorWrapper, batch: Batch) -> None:
    """Write a batch table by table, parents before their children."""
    for table, rows in batch.items():
        if rows:
            columns = ", ".join(rows[0])
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(tuple(row.values()))


def make_event_months(connection: BaseDatabaseWrapper, log: EventLog) -> None:
    """Create the months from the first event to the last one, or to the newest existing month.

    Months that begin more than a year after the last event do not count.
    """
    if log.moments:
        first, last = (datetime.fromtimestamp(moment, UTC) for moment in log.moments)
        starts = [part.start for part in read_partitions(connection, EVENT_TABLE) if part.start]
        near = [start for start in starts if start - last <= LONGEST_GAP]
        make_months(connection, AnalyticsEvent, months_between(first, max([last, *near])))


def copy_events(
    cursor: CursorWrapper, log: EventLog, written: Counter[str], report: Report
) -> None:
    statement = f"COPY {EVENT_TABLE} ({', '.join(EVENT_COLUMNS)}) FROM STDIN"
    for lines in log.in_order():
        with cursor.copy(statement) as copy:
            for part in batched(lines, BATCH_ROWS):
                copy.write("".join(part))
        written[EVENT_TABLE] += len(lines)
        report(written)


def clash(error: IntegrityError) -> str:
    """Return the message for a conflict with an existing row, such as an administrator."""
    diagnosis = getattr(error.__cause__, "diag", None)
    detail = diagnosis.message_detail if diagnosis else error
    return f"{detail} Nothing was written. Pass another --seed."


def tidy_up(connection: BaseDatabaseWrapper) -> None:
    """Vacuum, analyze and reindex the tables, so that queries are fast immediately.

    Autovacuum runs only later. Rows were not written in the order of the keys of each index, so
    many pages of the indexes are half empty.
    """
    if connection.in_atomic_block:
        return
    # All rows are committed. After Ctrl-C or an error, autovacuum does the rest.
    with (
        suppress(KeyboardInterrupt, Error),
        autocommit_on(connection),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")
        for table in TABLES:
            cursor.execute(f"REINDEX TABLE {table}")
