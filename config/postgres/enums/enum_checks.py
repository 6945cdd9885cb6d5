"""System checks that find errors in enum types before a migration fails because of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import models
from django.db.backends.utils import split_identifier
from psycopg.postgres import types

from config.postgres.enums.field import EnumField, enum_field
from config.postgres.names import MAX_BYTES

PSEUDO_TYPES = """
    any anyarray anycompatible anycompatiblearray anycompatiblemultirange anycompatiblenonarray
    anycompatiblerange anyelement anyenum anymultirange anynonarray anyrange char cstring
    event_trigger fdw_handler index_am_handler internal language_handler table_am_handler trigger
    tsm_handler unknown void
"""
BUILT_IN_TYPES = {info.name for info in types}.union(PSEUDO_TYPES.split())
"""The types in pg_catalog, except `pg_*`. The list of psycopg does not contain PSEUDO_TYPES."""


def check_enum_types(**kwargs: Any) -> list[CheckMessage]:
    """Return the errors in all apps, because two apps must not declare types of the same name."""
    enums = {
        field: enum
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields
        if (enum := enum_field(field))
    }
    return [
        *_check_names(enums.values()),
        *(error for field, enum in enums.items() for error in _check_field(field, enum)),
    ]


def _check_names(enums: Iterable[EnumField]) -> Iterator[CheckMessage]:
    tables = {
        split_identifier(model._meta.db_table): model._meta.label
        for model in apps.get_models(include_auto_created=True)
    }
    classes_by_name: defaultdict[str, dict[type[models.TextChoices], None]] = defaultdict(dict)
    for enum in enums:
        if enum.enum:
            classes_by_name[enum.type_name][enum.enum] = None
    for name, classes in classes_by_name.items():
        if len(classes) > 1:
            named = " and ".join(f"{cls.__module__}.{cls.__qualname__}" for cls in classes)
            yield Error(
                f"Enum type {name!r} is declared by {named}.",
                hint="Rename one of the classes, because a type is named after its class.",
                obj=list(classes)[-1],
                id="enums.E001",
            )
        for cls in classes:
            yield from _check_name(name, cls, tables)


def _check_name(
    name: str, cls: type[models.TextChoices], tables: Mapping[tuple[str, str], str]
) -> Iterator[CheckMessage]:
    """Yield an error if PostgreSQL truncates the name, or has another type with this name."""
    enum_type = f"Enum type {name!r} of {cls.__module__}.{cls.__qualname__}"
    hint = "Rename the class that gives the type its name."
    if len(name.encode()) > MAX_BYTES:
        yield Error(
            f"{enum_type} has a name of {len(name.encode())} bytes. PostgreSQL truncates names to "
            f"{MAX_BYTES} bytes.",
            hint=hint,
            obj=cls,
            id="enums.E005",
        )
    if table := tables.get(("", name)):
        yield Error(
            f"{enum_type} has the name of the table of {table}. PostgreSQL gives this name to the "
            "type of the table's rows.",
            hint=f"{hint[:-1]}, or set Meta.db_table of the model.",
            obj=cls,
            id="enums.E006",
        )
    if name in BUILT_IN_TYPES or name.startswith("pg_"):
        yield Error(
            f"{enum_type} has a name that is reserved for built-in types of PostgreSQL.",
            hint=hint,
            obj=cls,
            id="enums.E007",
        )


def _check_field(field: "models.Field[Any, Any]", enum: EnumField) -> Iterator[CheckMessage]:
    if not enum.enum:
        yield Error(
            "EnumField has no TextChoices class.",
            hint="Write EnumField(YourChoices). Only migrations name labels without a class.",
            obj=field,
            id="enums.E003",
        )
        return
    owner = apps.get_containing_app_config(enum.enum.__module__)
    if owner and owner.label != field.model._meta.app_label:
        yield Error(
            f"App {field.model._meta.app_label!r} may not use enum type {enum.type_name!r}, which "
            f"migrations of app {owner.label!r} create and drop.",
            hint=f"Declare a class with another name in {field.model._meta.app_label!r}.",
            obj=field,
            id="enums.E002",
        )
    for label in enum.labels:
        if not 0 < len(label.encode()) <= MAX_BYTES:
            yield Error(
                f"Label {label!r} of enum type {enum.type_name!r} is not 1 to {MAX_BYTES} "
                "bytes long.",
                hint="Change the value. Its display text may have any length.",
                obj=field,
                id="enums.E004",
            )
