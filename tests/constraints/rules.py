"""How a test says what a constraint refuses, and what it still takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from factory.django import DjangoModelFactory

from tests.support.contract import columns

type ModelFactory = type[DjangoModelFactory[Any]]


@dataclass(frozen=True)
class Rule:
    """A constraint, by SET clauses on a row of the factory: those it refuses, those it accepts.

    A clause may refer to a second row of the factory by `%(other)s`, its primary key.
    """

    constraint: str
    factory: ModelFactory
    refused: Sequence[str]
    accepted: Sequence[str] = ()
    state: dict[str, Any] = field(default_factory=dict)

    def update(self, assignments: str) -> None:
        """`UPDATE … SET assignments` on a new row, to the end of the transaction."""
        row, other = self.factory.create_batch(2, **self.state)
        table, key = table_of(self.factory), key_of(self.factory)
        sql = f"UPDATE {table} SET {assignments} WHERE {key} = %(row)s"
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, {"row": row.pk, "other": other.pk})
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def table_of(factory: ModelFactory) -> str:
    return str(factory._meta.model._meta.db_table)


def key_of(factory: ModelFactory) -> str:
    """The column of the primary key."""
    return str(factory._meta.model._meta.pk.column)


def column_of(constraint: str, factory: ModelFactory) -> str:
    """`courses_price_check` -> `price`."""
    return constraint.removeprefix(f"{table_of(factory)}_").removesuffix("_check")


def at_least(minimum: int, constraint: str, factory: ModelFactory) -> Rule:
    column = column_of(constraint, factory)
    return Rule(constraint, factory, [f"{column} = {minimum - 1}"], [f"{column} = {minimum}"])


def percentage(constraint: str, factory: ModelFactory) -> Rule:
    """Of a column of whole numbers."""
    column = column_of(constraint, factory)
    return Rule(
        constraint,
        factory,
        refused=[f"{column} = -1", f"{column} = 101"],
        accepted=[f"{column} = 0", f"{column} = 100"],
    )


def exact_percentage(constraint: str, factory: ModelFactory) -> Rule:
    """Of a column with decimals, which could also be NaN."""
    return decimals("0", "100", constraint, factory, below="-0.01", above="100.01")


def decimals(
    smallest: str,
    largest: str,
    constraint: str,
    factory: ModelFactory,
    *,
    below: str,
    above: str | None = None,
) -> Rule:
    """Of a column with decimals; nothing is `above` where the type itself ends at `largest`."""
    column = column_of(constraint, factory)
    outside = [below, "'NaN'", *([above] if above else [])]
    return Rule(
        constraint,
        factory,
        refused=[f"{column} = {value}" for value in outside],
        accepted=[f"{column} = {value}" for value in (smallest, largest)],
    )


def not_blank(constraint: str, factory: ModelFactory) -> Rule:
    column = column_of(constraint, factory)
    return Rule(
        constraint,
        factory,
        refused=[f"{column} = ''", rf"{column} = E' \t\n'"],
        accepted=[f"{column} = '.'"],
    )


def currency(constraint: str, factory: ModelFactory) -> Rule:
    return Rule(
        constraint,
        factory,
        refused=[f"currency = '{code}'" for code in ("", "eur", "EU", "E R", "EU1", "ÉUR")],
        accepted=["currency = 'EUR'"],
    )


def json_shape(shape: str, constraint: str, factory: ModelFactory) -> Rule:
    column = column_of(constraint, factory)
    shapes = {"object": ["{}", '{"key": [1]}'], "array": ["[]", '[{"key": 1}]']}
    accepted = shapes.pop(shape)
    refused = [*(value for others in shapes.values() for value in others), "null", "1", '"{}"']
    return Rule(
        constraint,
        factory,
        refused=[f"{column} = '{value}'" for value in refused],
        accepted=[f"{column} = '{value}'" for value in accepted],
    )


def unique(constraint: str, factory: ModelFactory, *columns: str, **state: Any) -> Rule:
    """No two rows have the same in all `columns`; all but one of them may be the same."""
    return Rule(
        constraint,
        factory,
        refused=[same_as_other(factory, *columns)],
        accepted=[
            same_as_other(factory, *(column for column in columns if column != different))
            for different in columns
            if len(columns) > 1
        ],
        state=state,
    )


def same_as_other(factory: ModelFactory, *columns: str) -> str:
    """A SET clause that takes over these columns of the other row."""
    names, table, key = ", ".join(columns), table_of(factory), key_of(factory)
    return f"({names}) = (SELECT {names} FROM {table} WHERE {key} = %(other)s)"


# How to set a time to infinity where 'infinity' alone breaks another constraint, too.
INFINITE = {
    ("enrollments", "completed_at"): (
        "completed_at = 'infinity', status = 'completed', progress_percentage = 100"
    ),
    ("lesson_progress", "completed_at"): "completed_at = 'infinity', status = 'completed'",
    ("subscriptions", "current_period_start"): "current_period_start = '-infinity'",
}


def finite(table: str, factory: ModelFactory) -> Rule:
    times = [column.name for column in columns(table) if column.type == "timestamptz"]
    refused = [INFINITE.get((table, time), f"{time} = 'infinity'") for time in times]
    return Rule(f"{table}_finite_check", factory, refused)
