"""Rules: constraints, with the updates that they refuse and the updates that they accept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import IntegrityError, connection, transaction

from tests.factories import FACTORIES
from tests.support.contract import columns
from tests.support.partitions import read_parents


@dataclass(frozen=True)
class Rule:
    """A constraint, with SET clauses that it refuses and accepts on a row of its table.

    A clause may refer to a second row of the table by `%(other)s`, its primary key.
    """

    constraint: str
    refused: Sequence[str]
    accepted: Sequence[str] = ()
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def expected(self) -> dict[str, str | None]:
        """Return the clauses, each with the constraint that must refuse it, or None."""
        return {**dict.fromkeys(self.refused, self.constraint), **dict.fromkeys(self.accepted)}

    @property
    def rows(self) -> tuple[str, dict[str, Any]]:
        """Return the table, and the factory arguments of its rows that the clauses update."""
        return table_of(self.constraint), self.state

    def outcomes(self, row: Any, other: Any) -> dict[str, str | None]:
        """Return the clauses, each with the constraint that refuses it on `row`, or None."""
        parameters = {"row": row.pk, "other": other.pk}
        return {clause: self._outcome(clause, parameters) for clause in self.expected}

    def _outcome(self, clause: str, parameters: dict[str, Any]) -> str | None:
        table = table_of(self.constraint)
        key = key_of(table)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"UPDATE {table} SET {clause} WHERE {key} = %(row)s", parameters)
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                transaction.set_rollback(True)
        except IntegrityError as error:
            return constraint_of(error)
        return None


def constraint_of(error: IntegrityError) -> str | None:
    """Return the name of the violated constraint: that of the table, not of a partition."""
    assert isinstance(error.__cause__, psycopg.IntegrityError)
    name = error.__cause__.diag.constraint_name
    return read_parents().get(str(name), name)


def table_of(constraint: str) -> str:
    """Return the table that a constraint is named after: `courses` for `courses_price_check`."""
    return max((table for table in FACTORIES if constraint.startswith(f"{table}_")), key=len)


def key_of(table: str) -> str:
    """Return the column of the primary key."""
    return str(FACTORIES[table]._meta.model._meta.pk.column)


def column_of(constraint: str) -> str:
    """Return the column that a check is named after: `price` for `courses_price_check`."""
    return constraint.removeprefix(f"{table_of(constraint)}_").removesuffix("_check")


def at_least(minimum: int, constraint: str) -> Rule:
    column = column_of(constraint)
    return Rule(constraint, [f"{column} = {minimum - 1}"], [f"{column} = {minimum}"])


def percentage(constraint: str) -> Rule:
    """Return the rule of a percentage in a column of integers."""
    column = column_of(constraint)
    return Rule(
        constraint,
        refused=[f"{column} = -1", f"{column} = 101"],
        accepted=[f"{column} = 0", f"{column} = 100"],
    )


def exact_percentage(constraint: str) -> Rule:
    """Return the rule that a column of decimals is a percentage and not NaN."""
    return decimals("0", "100", constraint, below="-0.01", above="100.01")


def decimals(
    smallest: str,
    largest: str,
    constraint: str,
    *,
    below: str,
    above: str | None = None,
) -> Rule:
    """Return the rule of a range of decimals.

    `above` is None if `largest` is the largest value of the column's type.
    """
    column = column_of(constraint)
    outside = [below, "'NaN'", *([above] if above else [])]
    return Rule(
        constraint,
        refused=[f"{column} = {value}" for value in outside],
        accepted=[f"{column} = {value}" for value in (smallest, largest)],
    )


def not_blank(constraint: str, *, optional: bool = False) -> Rule:
    column = column_of(constraint)
    empty = f"{column} = ''"
    return Rule(
        constraint,
        refused=[rf"{column} = E' \t\n\u200b\u3164'", *([] if optional else [empty])],
        accepted=[f"{column} = '.'", *([empty] if optional else [])],
    )


def currency(constraint: str) -> Rule:
    return Rule(
        constraint,
        refused=[f"currency = '{code}'" for code in ("", "eur", "EU", "E R", "EU1", "ÉUR")],
        accepted=["currency = 'EUR'"],
    )


def json_shape(shape: str, constraint: str) -> Rule:
    column = column_of(constraint)
    shapes = {"object": ["{}", '{"key": [1]}'], "array": ["[]", '[{"key": 1}]']}
    accepted = shapes.pop(shape)
    refused = [*(value for others in shapes.values() for value in others), "null", "1", '"{}"']
    return Rule(
        constraint,
        refused=[f"{column} = '{value}'" for value in refused],
        accepted=[f"{column} = '{value}'" for value in accepted],
    )


def unique(constraint: str, *columns: str, **state: Any) -> Rule:
    """Return the rule that no two rows have the same values in all `columns`."""
    table = table_of(constraint)
    return Rule(
        constraint,
        refused=[same_as_other(table, *columns)],
        accepted=[
            same_as_other(table, *(column for column in columns if column != different))
            for different in columns
            if len(columns) > 1
        ],
        state=state,
    )


def same_as_other(table: str, *columns: str) -> str:
    """Return a SET clause that copies `columns` from the other row."""
    names = ", ".join(columns)
    return f"({names}) = (SELECT {names} FROM {table} WHERE {key_of(table)} = %(other)s)"


# In these columns, 'infinity' alone breaks another constraint first.
INFINITE = {
    ("enrollments", "completed_at"): (
        "completed_at = 'infinity', status = 'completed', progress_percentage = 100"
    ),
    ("lesson_progress", "completed_at"): "completed_at = 'infinity', status = 'completed'",
    ("subscriptions", "current_period_start"): "current_period_start = '-infinity'",
}


def finite(table: str) -> Rule:
    times = [column.name for column in columns(table) if column.type == "timestamptz"]
    refused = [INFINITE.get((table, time), f"{time} = 'infinity'") for time in times]
    return Rule(f"{table}_finite_check", refused)
