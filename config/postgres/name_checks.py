"""System checks of names that PostgreSQL would cut, or that Django's SQL cannot contain."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error
from django.db.backends.utils import split_identifier

from config.postgres.names import MAX_BYTES

AUTO_CREATED = "Declare the table of the many-to-many relation yourself, as `through`."


def check_names(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Return an error for each name of a table or in a table that migrations could not create."""
    return [
        error
        for model in apps.get_models(include_auto_created=True)
        for kind, name, hint, obj in _names(model)
        for error in (*_too_long(kind, name, hint, obj), *_unescaped(kind, name, hint, obj))
    ]


def _too_long(kind: str, name: str, hint: str, obj: Any) -> Iterator[CheckMessage]:
    if len(name.encode()) > MAX_BYTES:
        yield Error(
            f"The {kind} {name!r} has a name of {len(name.encode())} bytes, of which PostgreSQL "
            f"keeps {MAX_BYTES}.",
            hint=hint.format("shorter"),
            obj=obj,
            id="names.E001",
        )


def _unescaped(kind: str, name: str, hint: str, obj: Any) -> Iterator[CheckMessage]:
    if found := [character for character in '%"' if character in name]:
        yield Error(
            f"The {kind} {name!r} has a name with {' and '.join(found)}, which Django puts into "
            "SQL without escaping it, so that statements fail.",
            hint=hint.format("plain"),
            obj=obj,
            id="names.E002",
        )


def _names(model: Any) -> Iterator[tuple[str, str, str, Any]]:
    """Yield the kind of each name, the name, the advice how to change it, and the model or field.

    {} in the advice stands for a word about the new name, such as "shorter".
    """
    options = model._meta
    if not options.managed or options.proxy or options.swapped:
        return
    schema, table = split_identifier(options.db_table)
    yield "schema", schema, "Set the first part of db_table to a {} name.", model
    yield "table", table, "Set db_table to a {} name.", model
    for field in options.local_concrete_fields:
        hint = AUTO_CREATED if options.auto_created else "Set db_column to a {} name."
        yield "column", field.column or "", hint, field
    for kind, items in [("index", options.indexes), ("constraint", options.constraints)]:
        for item in items:
            yield kind, item.name, "Give it a {} name.", model
