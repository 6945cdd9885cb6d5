"""System checks for names that PostgreSQL truncates or that Django does not escape."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db.backends.utils import split_identifier

from config.postgres.names import MAX_BYTES

AUTO_CREATED = "Declare the table of the many-to-many relation yourself, as `through`."


def check_names(**kwargs: Any) -> list[CheckMessage]:
    """Return the errors in the names of schemas, tables, columns, indexes and constraints."""
    return [
        error
        for model in apps.get_models(include_auto_created=True)
        for declared in _declared_names(model)
        for error in _check_name(declared)
    ]


class DeclaredName(NamedTuple):
    """The name of a database object, as a model declares it."""

    kind: str
    name: str
    hint: str
    """The way to change the name, with {} for an adjective, "shorter" or "plain"."""
    obj: Any
    """The model or field with the error."""


def _check_name(declared: DeclaredName) -> Iterator[CheckMessage]:
    kind, name, hint, obj = declared
    length = len(name.encode())
    if length > MAX_BYTES:
        yield Error(
            f"The name of {kind} {name!r} has {length} bytes. PostgreSQL truncates it to "
            f"{MAX_BYTES} bytes.",
            hint=hint.format("shorter"),
            obj=obj,
            id="names.E001",
        )
    if found := [character for character in '%"' if character in name]:
        yield Error(
            f"The name of {kind} {name!r} contains {' and '.join(found)}. Django does not escape "
            "this in SQL, so statements fail.",
            hint=hint.format("plain"),
            obj=obj,
            id="names.E002",
        )


def _declared_names(model: Any) -> Iterator[DeclaredName]:
    options = model._meta
    if not options.managed or options.proxy or options.swapped:
        return
    schema, table = split_identifier(options.db_table)
    hint = "Set the first part of db_table to a {} name."
    yield DeclaredName("schema", schema, hint, model)
    yield DeclaredName("table", table, "Set db_table to a {} name.", model)
    for field in options.local_concrete_fields:
        hint = AUTO_CREATED if options.auto_created else "Set db_column to a {} name."
        yield DeclaredName("column", field.column or "", hint, field)
    for kind, items in [("index", options.indexes), ("constraint", options.constraints)]:
        for item in items:
            yield DeclaredName(kind, item.name, "Use a {} name.", model)
