"""The enum types of SQL expressions, and the casts between enum and text.

PostgreSQL does not cast an enum to text implicitly. If all parts of an expression have the same
enum type or are labels of this type, the expression has this type. In any other expression, enums
are cast to text, so that an enum column behaves like a `CharField`.
"""

from collections.abc import Container, Sequence
from functools import singledispatch
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.fields.array import IndexTransform
from django.db import models
from django.db.models import functions as sql
from django.db.models.expressions import Col, ExpressionList, OrderBy, OrderByList, Ref
from django.db.models.functions import text
from django.db.models.indexes import IndexExpression
from django.db.models.lookups import IExact, Lookup, PatternLookup, Regex
from django.db.models.sql.query import Query

from config.postgres.enums import EnumField, enum_field

TEXT_FUNCTIONS = (
    models.StringAgg,
    sql.Collate,
    *(item for item in vars(text).values() if getattr(item, "__module__", "") == text.__name__),
)
"""Functions that need text as arguments, even if Django regards their result as an enum."""

CHOICES_OF_PARTS = models.Case | sql.Coalesce | sql.Greatest | sql.Least | sql.NullIf
"""Expressions that return the value of one of their parts."""

VALUES_OF_FIRST_PART = (
    models.AnyValue
    | models.ExpressionWrapper  # type: ignore[type-arg]
    | models.Max
    | models.Min
    | models.Window
    | sql.FirstValue
    | sql.LastValue
    | sql.NthValue
    | sql.Lag
    | sql.Lead
)
"""Expressions that return one of the values of their first part."""


@singledispatch
def enum_of(expression: Any) -> EnumField | None:
    """Return the enum type of `expression` in PostgreSQL, or None."""
    return None


@enum_of.register(Col | sql.Cast | IndexTransform)
def _(expression: Any) -> EnumField | None:
    field = expression.output_field
    while field.is_relation:
        field = field.target_field
    return _scalar_enum(field)


@enum_of.register
def _(value: models.Value) -> EnumField | None:
    return _scalar_enum(value._output_field_or_none)


def _scalar_enum(field: Any) -> EnumField | None:
    return enum_field(field) if not isinstance(field, ArrayField) else None


@enum_of.register
def _(reference: Ref) -> EnumField | None:
    return enum_of(reference.source)


@enum_of.register
def _(subquery: models.Subquery) -> EnumField | None:
    is_scalar = not isinstance(subquery, (models.Exists, ArraySubquery))
    return enum_of(subquery.query) if is_scalar else None


@enum_of.register
def _(query: Query) -> EnumField | None:
    columns = _columns(query)
    return enum_of(columns[0]) if len(columns) == 1 else None


@enum_of.register(VALUES_OF_FIRST_PART)
def _(expression: Any) -> EnumField | None:
    return enum_of(expression.get_source_expressions()[0])


@enum_of.register(CHOICES_OF_PARTS)
def _(expression: Any) -> EnumField | None:
    return _common_enum(_chosen_parts(expression))


def _chosen_parts(expression: Any) -> Sequence[Any]:
    """Return the expressions from which `expression` chooses its value."""
    sources = expression.get_source_expressions()
    return [source.result if isinstance(source, models.When) else source for source in sources]


def _columns(query: Query) -> Sequence[Any]:
    if query.combinator:
        return _columns(with_casts_in_union(query.combined_queries)[0])
    return [*query.select, *query.annotation_select.values()]


def _common_enum(expressions: Sequence[Any]) -> EnumField | None:
    """Return the enum type of which all `expressions` are values or labels, or None."""
    enums = [enum for expression in expressions if (enum := enum_of(expression))]
    is_common = enums and all(_has_type(expression, enums[0]) for expression in expressions)
    return enums[0] if is_common else None


def _has_type(expression: Any, enum: EnumField) -> bool:
    """Return whether `expression` has the type `enum`, is one of its labels, or is NULL."""
    own = enum_of(expression)
    if isinstance(expression, models.Value) and not own:
        return expression.value is None or expression.value in enum.labels
    return own is not None and own.type_name == enum.type_name


def cast_to_text(expression: Any) -> Any:
    """Return `expression`, with a cast to text if it is an enum."""
    if isinstance(expression, models.When):
        expression = expression.copy()
        expression.result = cast_to_text(expression.result)
        return expression
    if not enum_of(expression):
        return expression
    if isinstance(expression, Query):
        return _with_text_columns(expression, {0})
    return sql.Cast(expression, models.TextField())


def _with_text_columns(query: Query, positions: Container[int]) -> Query:
    query = query.clone()
    if query.combinator:
        query.combined_queries = tuple(
            _with_text_columns(part, positions) for part in query.combined_queries
        )
        return query
    columns = [
        cast_to_text(column) if position in positions else column
        for position, column in enumerate(_columns(query))
    ]
    query.select = tuple(columns[: len(query.select)])
    query.annotations |= zip(query.annotation_select, columns[len(query.select) :], strict=True)
    return query


@singledispatch
def with_casts(expression: Any) -> Any:
    """Return `expression` with the casts between enum and text that PostgreSQL needs."""
    return expression


@with_casts.register
def _(value: models.Value) -> Any:
    """Cast a label to its enum, because text sorts differently."""
    enum = enum_of(value)
    if enum is None or value.value is None:
        return value
    return sql.Cast(models.Value(enum.get_prep_value(value.value)), enum)


@with_casts.register
def _(cast: sql.Cast) -> Any:
    """Cast from one enum to another through text."""
    [source] = cast.get_source_expressions()
    to, own = enum_of(cast), enum_of(source)
    if to is None or own is None or to.type_name == own.type_name:
        return cast
    return _with_sources(cast, [cast_to_text(source)])


@with_casts.register
def _(function: models.Func) -> Any:
    """Cast the enum arguments of a function to text.

    Most functions exist for text but not for enums, and there is no list of them. So the arguments
    of every function are cast, unless it returns an enum or has an array as an argument.
    """
    sources = function.get_source_expressions()
    if not any(map(enum_of, sources)) or any(map(_is_array, sources)):
        return function
    if enum_field(function._output_field_or_none):
        return function
    if function.extra.get("template") == "(%(expressions)s)":
        return function  # the parentheses around an expression in an index
    return _with_text_sources(function)


def _with_text_sources(function: Any) -> Any:
    sources = function.get_source_expressions()
    if not any(map(enum_of, sources)):
        return function
    # An aggregate with DISTINCT can be ordered only by the aggregated expression itself.
    cast = _order_by_text if getattr(function, "distinct", False) else cast_to_text
    return _with_sources(function, list(map(cast, sources)))


def _is_array(source: Any) -> bool:
    return isinstance(getattr(source, "_output_field_or_none", None), ArrayField)


def _order_by_text(source: Any) -> Any:
    if isinstance(source, (OrderByList, OrderBy)):
        return _with_sources(source, list(map(_order_by_text, source.get_source_expressions())))
    return cast_to_text(source)


for _kind in TEXT_FUNCTIONS:
    with_casts.register(_kind, _with_text_sources)


@with_casts.register(VALUES_OF_FIRST_PART | models.Aggregate | ExpressionList | IndexExpression)
def _(expression: Any) -> Any:
    return expression


@with_casts.register(CHOICES_OF_PARTS)
def _(expression: Any) -> Any:
    if enum_of(expression) or not any(map(enum_of, _chosen_parts(expression))):
        return expression
    sources = expression.get_source_expressions()
    expression = _with_sources(expression, [cast_to_text(source) for source in sources])
    if _scalar_enum(expression.output_field):
        expression.output_field = models.TextField()
    return expression


@with_casts.register
def _(lookup: Lookup) -> Any:
    if lookup.rhs_is_direct_value():
        return lookup
    is_list = isinstance(lookup.rhs, ExpressionList)
    rights = lookup.rhs.get_source_expressions() if is_list else [lookup.rhs]
    left = enum_of(lookup.lhs)
    matches_text = isinstance(lookup, (PatternLookup, IExact, Regex))
    if left and not matches_text and all(_has_type(right, left) for right in rights):
        return lookup
    if left or any(map(enum_of, rights)):
        lookup = lookup.copy()
        rights = [cast_to_text(right) for right in rights]
        lookup.lhs = cast_to_text(lookup.lhs)
        lookup.rhs = ExpressionList(*rights) if is_list else rights[0]
    return lookup


def _with_sources(expression: Any, sources: Sequence[Any]) -> Any:
    """Return a copy of `expression` with other `sources` and the same output field."""
    output_field = expression._output_field_or_none
    expression = expression.copy()
    expression.set_source_expressions(sources)
    expression.output_field = output_field
    return expression


def with_casts_in_union(queries: Sequence[Query]) -> tuple[Query, ...]:
    """Return the parts of a UNION. Cast a column to text if its parts have different types."""
    by_position = enumerate(zip(*map(_columns, queries), strict=False))
    positions = {
        position
        for position, columns in by_position
        if any(map(enum_of, columns)) and not _common_enum(columns)
    }
    return tuple(_with_text_columns(query, positions) if positions else query for query in queries)
