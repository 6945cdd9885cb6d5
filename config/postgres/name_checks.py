"""System checks of names that PostgreSQL would cut, so that the schema had other names."""

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
    """Return an error for each name of a table or in a table that has too many bytes."""
    return [
        Error(
            f"The {kind} {name!r} has a name of {len(name.encode())} bytes, of which PostgreSQL "
            f"keeps {MAX_BYTES}.",
            hint=hint,
            obj=obj,
            id="names.E001",
        )
        for model in apps.get_models(include_auto_created=True)
        for kind, name, hint, obj in _names(model)
        if len(name.encode()) > MAX_BYTES
    ]


def _names(model: Any) -> Iterator[tuple[str, str, str, Any]]:
    """Yield the kind of each name, the name, how to shorten it, and the model or field."""
    options = model._meta
    if not options.managed or options.proxy or options.swapped:
        return
    schema, table = split_identifier(options.db_table)
    yield "schema", schema, "Shorten the first part of db_table.", model
    yield "table", table, "Set db_table to a shorter name.", model
    for field in options.local_concrete_fields:
        hint = AUTO_CREATED if options.auto_created else "Set db_column to a shorter name."
        yield "column", field.column or "", hint, field
    for kind, items in [("index", options.indexes), ("constraint", options.constraints)]:
        for item in items:
            yield kind, item.name, "Give it a shorter name.", model
