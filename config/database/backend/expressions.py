"""Which enum type an SQL expression has, and the casts that make its parts agree.

PostgreSQL casts an enum to text only when asked. The rule here: an enum stays an enum where every
part of an expression is that enum or one of its labels; everywhere else it is text, as the column
of a `CharField` would be.
"""

import inspect
from collections.abc import Container, Sequence
from functools import singledispatch
from typing import Any

from django.contrib.postgres.fields.array import IndexTransform
from django.db import models
from django.db.models import functions as sql
from django.db.models.expressions import Col, ExpressionList, Ref
from django.db.models.functions import text
from django.db.models.lookups import IExact, Lookup, PatternLookup, Regex
from django.db.models.sql.query import Query

from config.database.fields import EnumField

TEXT_FUNCTIONS = {
    models.StringAgg,
    sql.Collate,
    *(
        kind
        for _, kind in inspect.getmembers(text, inspect.isclass)
        if kind.__module__ == text.__name__
    ),
}
CHOOSING_FUNCTIONS = (models.Case, sql.Coalesce, sql.Greatest, sql.Least, sql.NullIf)
PASSING_FUNCTIONS = (
    models.ExpressionWrapper,
    models.Max,
    models.Min,
    models.Window,
    sql.FirstValue,
    sql.LastValue,
    sql.NthValue,
    sql.Lag,
    sql.Lead,
)


@singledispatch
def enum_of(expression: Any) -> EnumField | None:
    """The enum type that PostgreSQL gives to `expression`; None when it gives another type."""
    return None


@enum_of.register(Col)
@enum_of.register(sql.Cast)
@enum_of.register(IndexTransform)
def _(expression: Any) -> EnumField | None:
    field = expression.output_field
    return field if isinstance(field, EnumField) else None


@enum_of.register
def _(reference: Ref) -> EnumField | None:
    return enum_of(reference.source)


@enum_of.register
def _(subquery: models.Subquery) -> EnumField | None:
    return enum_of(subquery.query)


@enum_of.register
def _(query: Query) -> EnumField | None:
    columns = _columns(query)
    return enum_of(columns[0]) if len(columns) == 1 else None


def _columns(query: Query) -> list[Any]:
    return [*query.select, *query.annotation_select.values()]


def _enum_of_first_source(expression: Any) -> EnumField | None:
    return enum_of(expression.get_source_expressions()[0])


def _enum_of_choice(expression: Any) -> EnumField | None:
    options = _options(expression)
    enums = [enum for option in options if (enum := enum_of(option))]
    fits = enums and all(_fits(option, enums[0]) for option in options)
    return enums[0] if fits else None


for _kind in PASSING_FUNCTIONS:
    enum_of.register(_kind, _enum_of_first_source)
for _kind in CHOOSING_FUNCTIONS:
    enum_of.register(_kind, _enum_of_choice)


def _options(expression: Any) -> Sequence[Any]:
    """The expressions out of which `expression` chooses its value."""
    sources = expression.get_source_expressions()
    return [source.result if isinstance(source, models.When) else source for source in sources]


def _fits(option: Any, enum: EnumField) -> bool:
    if isinstance(option, models.Value):
        return option.value is None or option.value in enum.labels
    return _same_type(enum_of(option), enum)


def _same_type(one: EnumField | None, other: EnumField | None) -> bool:
    return bool(one and other and one.type_name == other.type_name)


@singledispatch
def agreed(expression: Any) -> Any:
    """`expression`, with its enum parts cast to text where PostgreSQL would refuse them."""
    return expression


def as_text(expression: Any) -> Any:
    """`expression`, cast to text if it is an enum."""
    if isinstance(expression, models.When):
        expression = expression.copy()
        expression.result = as_text(expression.result)
        return expression
    if not enum_of(expression):
        return expression
    if isinstance(expression, Query):
        return _with_text_columns(expression, range(len(_columns(expression))))
    return sql.Cast(expression, models.TextField())


def _with_text_columns(query: Query, positions: Container[int]) -> Query:
    query = query.clone()
    columns = [
        as_text(column) if position in positions else column
        for position, column in enumerate(_columns(query))
    ]
    query.select = tuple(columns[: len(query.select)])
    for alias, column in zip(query.annotation_select, columns[len(query.select) :], strict=True):
        query.annotations[alias] = column
    return query


def _with_sources(expression: Any, sources: Sequence[Any]) -> Any:
    output_field = expression._output_field_or_none
    expression = expression.copy()
    expression.set_source_expressions(sources)
    expression.output_field = output_field
    return expression


def _agreed_text_function(expression: Any) -> Any:
    sources = expression.get_source_expressions()
    if not any(map(enum_of, sources)):
        return expression
    return _with_sources(expression, [as_text(source) for source in sources])


def _agreed_choice(expression: Any) -> Any:
    if enum_of(expression) or not any(map(enum_of, _options(expression))):
        return expression
    sources = expression.get_source_expressions()
    return _with_sources(expression, [as_text(source) for source in sources])


for _kind in TEXT_FUNCTIONS:
    agreed.register(_kind, _agreed_text_function)
for _kind in CHOOSING_FUNCTIONS:
    agreed.register(_kind, _agreed_choice)


@agreed.register
def _(lookup: Lookup) -> Any:
    if lookup.rhs_is_direct_value():
        return lookup
    is_list = isinstance(lookup.rhs, ExpressionList)
    rights = lookup.rhs.get_source_expressions() if is_list else [lookup.rhs]
    left = enum_of(lookup.lhs)
    matches_text = isinstance(lookup, (PatternLookup, IExact, Regex))
    if left and not matches_text and all(_fits(right, left) for right in rights):
        return lookup
    if left or any(map(enum_of, rights)):
        lookup = lookup.copy()
        rights = [as_text(right) for right in rights]
        lookup.lhs = as_text(lookup.lhs)
        lookup.rhs = ExpressionList(*rights) if is_list else rights[0]
    return lookup


def agreed_queries(queries: Sequence[Query]) -> tuple[Query, ...]:
    """The parts of a UNION, with enum columns as text where another part has another type."""
    by_position = enumerate(zip(*map(_columns, queries), strict=False))
    positions = {position for position, columns in by_position if not _agree(columns)}
    return tuple(_with_text_columns(query, positions) if positions else query for query in queries)


def _agree(columns: Sequence[Any]) -> bool:
    enums = [enum for column in columns if (enum := enum_of(column))]
    return not enums or all(_fits(column, enums[0]) for column in columns)
