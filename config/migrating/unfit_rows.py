"""The rows that a migration cannot accept, counted and described in one line.

A demand is a condition that a migration requires of all rows, for example NOT NULL.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, NamedTuple

import psycopg
from django.core.management.base import CommandError
from django.db import Error, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors

from config.console import counted, driver_error, failed_operation, printable
from config.hazards import (
    Demand,
    PlannedDemand,
    demands_of,
    new_labels,
    table_of,
    validated,
)
from config.migrating.column_fit import unfit_condition
from config.migrating.progress import Progress
from config.postgres import execute, read_rows

BUDGET = 3.0
"""The seconds for counting rows before a plan runs. Rows that are not found in this time make the
plan fail later."""
SECRET = re.compile("pass|secret|token|key|hash", re.IGNORECASE)
LONGEST_VALUE = 40
ROW_ERRORS = (psycopg.DataError, psycopg.IntegrityError, errors.CannotCoerce)


class UnfitRows(NamedTuple):
    """The rows of a table that do not meet a demand, with an example."""

    demand: Demand
    number: int
    example: str

    def __str__(self) -> str:
        rows = counted(self.number, "row")
        example = f", for example {self.example}" if self.example else ""
        return self.demand.fault.replace("{rows}", rows) + example


def check_rows(connection: BaseDatabaseWrapper, demands: Sequence[PlannedDemand]) -> None:
    """Raise CommandError if rows do not meet one of `demands`. Stop after BUDGET seconds."""
    end = time.monotonic() + BUDGET
    for migration, demand in demands:
        seconds = end - time.monotonic()
        if seconds <= 0:
            return
        unfit = find_unfit_rows(connection, demand, seconds)
        if unfit:
            raise CommandError(
                f"Cannot apply {migration}: {unfit}. Nothing was changed. "
                f"{_remedy(unfit.demand, 'migrate')}"
            )


@contextmanager
def explained_unfit_rows(connection: BaseDatabaseWrapper, progress: Progress) -> Iterator[None]:
    """Raise CommandError with the table and an example if PostgreSQL refuses rows."""
    statement = FailedStatement()
    with connection.execute_wrapper(statement):
        try:
            yield
        except Error as error:
            cause = driver_error(error)
            if not isinstance(cause, ROW_ERRORS):
                raise
            if statement.error is not cause:  # the commit failed
                statement = FailedStatement()
            action = _failed_action(progress, error)
            message = _refused_rows_message(connection, progress, cause, statement)
            raise CommandError(f"Cannot {action}: {message}") from error


class FailedStatement:
    """A wrapper for Django's execute_wrapper() that stores the last statement that failed."""

    def __init__(self) -> None:
        self.sql = ""
        self.error: psycopg.Error | None = None
        self.labels: dict[str, tuple[str, ...]] = {}
        """The labels of new enum types. After a failure, the catalog no longer contains them."""

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, *rest: Any) -> Any:
        self.labels |= new_labels(str(sql))
        try:
            return execute(sql, params, *rest)
        except Error as error:
            # In a statement with parameters, even with an empty list, each % is doubled.
            self.sql = str(sql) if params is None else str(sql).replace("%%", "%")
            self.error = driver_error(error)
            raise


def _failed_action(progress: Progress, error: Error) -> str:
    failed = failed_operation(error)
    if migration := failed.migration if failed else progress.migration:
        return f"{'unapply' if progress.unapplies else 'apply'} {migration}"
    return f"finish {progress.command}"


def _refused_rows_message(
    connection: BaseDatabaseWrapper,
    progress: Progress,
    error: psycopg.Error,
    statement: FailedStatement,
) -> str:
    """Return the message for refused rows. Call this after the transaction is rolled back."""
    what = _server_message(error, table_of(statement.sql))
    step = f"Correct the rows or the migration, then run {progress.again} again."
    for demand in _demands_of_statement(connection, statement):
        unfit = find_unfit_rows(connection, demand, BUDGET)
        if unfit:
            what, step = str(unfit), _remedy(unfit.demand, progress.again)
            break
        if f'"{demand.bare_column}"' not in what:
            what = f"{demand.place}: {what}"
    return f"{what}. {progress.standing} {step}"


def _demands_of_statement(
    connection: BaseDatabaseWrapper, statement: FailedStatement
) -> Iterator[Demand]:
    sql = statement.sql
    if constraint := validated(sql):
        with suppress(Error):
            rows = read_rows(connection, CONSTRAINT, constraint)
            sql = "".join(f"ALTER TABLE {table} {rest}" for table, rest in rows)
    for demand in demands_of(sql):
        labels = statement.labels.get(demand.new_type.strip('"'), ())
        yield replace(demand, labels=labels)


CONSTRAINT = """
    SELECT conrelid::regclass::text, format('ADD CONSTRAINT %%I %%s', conname,
           regexp_replace(pg_get_constraintdef(oid), ' NOT VALID$', ''))
      FROM pg_constraint WHERE conrelid = to_regclass(%s) AND conname = %s
"""


def _server_message(error: psycopg.Error, table: str = "") -> str:
    """Return the message of PostgreSQL in one line, with the table."""
    words = error.diag.message_primary or str(error)
    table = error.diag.table_name or table
    place = f" (table {table})" if table and table not in words else ""
    detail = f": {error.diag.message_detail}" if error.diag.message_detail else ""
    return printable(" ".join(f"{words}{place}{detail}".split())).rstrip(".")


def find_unfit_rows(
    connection: BaseDatabaseWrapper, demand: Demand, seconds: float
) -> UnfitRows | None:
    """Return the rows that do not meet the demand, or None if none are found in `seconds`.

    Return None also if a row security policy hides rows, because row_security = off makes the query
    fail.
    """
    with suppress(Error), transaction.atomic(using=connection.alias):
        milliseconds = max(1, round(seconds * 1000))
        execute(connection, f"SET LOCAL statement_timeout = {milliseconds}")
        execute(connection, "SET LOCAL row_security = off")
        if demand.new_type:
            condition = unfit_condition(connection, demand)
            if not condition:
                return None
            demand = replace(demand, condition=condition)
        number = _count_rows(connection, demand)
        return UnfitRows(demand, number, _example(connection, demand)) if number else None
    return None


def _count_rows(connection: BaseDatabaseWrapper, demand: Demand) -> int:
    query = f"SELECT count(*) {demand.source}"
    if demand.keys:
        query = f"SELECT coalesce(sum(count), 0) FROM ({query}) AS unfit"  # noqa: S608
    [(number,)] = read_rows(connection, query)
    return int(number)


def _example(connection: BaseDatabaseWrapper, demand: Demand) -> str:
    """Return the key and the wrong value of a row. Leave out a value that may be a secret."""
    key = [] if demand.keys else _primary_key(connection, demand.table)
    shown = [f"concat_ws(', ', {demand.shown})"] if demand.shown else []
    if not key and not shown:
        return ""
    query = f"SELECT {', '.join([*key, *shown])} {demand.source} LIMIT 1"
    if not (rows := read_rows(connection, query)):
        return ""  # another session has corrected the rows after the count
    [row] = rows
    names = [f"{name} {_shortened(value)}" for name, value in zip(key, row, strict=False)]
    place = f"the row with {', '.join(names)}" if names else ""
    if not demand.shown or SECRET.search(demand.shown):
        return place
    return " in ".join(filter(None, [f"'{_shortened(row[-1])}'", place]))


def _primary_key(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    """Return the columns of the table's primary key, quoted where needed."""
    return [name for (name,) in read_rows(connection, PRIMARY_KEY, [table])]


PRIMARY_KEY = """
    SELECT quote_ident(attname)
      FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
     WHERE indrelid = to_regclass(%s) AND indisprimary ORDER BY attnum
"""


def _shortened(value: Any) -> str:
    text = printable(str(value)).replace("\n", "\\n")
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _remedy(demand: Demand, command: str) -> str:
    return f"Correct the rows, then run {command} again. To find them: {demand.query};"
