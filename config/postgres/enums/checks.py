"""System checks of enum types, for mistakes that would otherwise fail in a migration."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error
from django.db import models

from config.postgres.enums.field import EnumField, enum_field

MAX_LABEL_BYTES = 63  # NAMEDATALEN - 1: postgresql.org/docs/current/datatype-enum.html


def check_enum_types(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Return the errors in all apps.

    `app_configs` is ignored, because the names of types are shared by all apps.
    """
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
    claims: defaultdict[str, dict[type[models.TextChoices], None]] = defaultdict(dict)
    for enum in enums:
        if enum.enum:
            claims[enum.type_name][enum.enum] = None
    for name, classes in claims.items():
        if len(classes) > 1:
            named = " and ".join(f"{cls.__module__}.{cls.__qualname__}" for cls in classes)
            yield Error(
                f"Enum type {name!r} is claimed by {named}.",
                hint="Rename one of the classes; the type is named after its class.",
                obj=list(classes)[-1],
                id="enums.E001",
            )


def _check_field(field: "models.Field[Any, Any]", enum: EnumField) -> Iterator[CheckMessage]:
    if not enum.enum:
        yield Error(
            "EnumField has no TextChoices class.",
            hint="Write EnumField(YourChoices); labels alone are for migrations.",
            obj=field,
            id="enums.E003",
        )
        return
    owner = apps.get_containing_app_config(enum.enum.__module__)
    if owner and owner.label != field.model._meta.app_label:
        yield Error(
            f"Enum type {enum.type_name!r} belongs to app {owner.label!r}, whose migrations create "
            f"and drop it; app {field.model._meta.app_label!r} may not use it.",
            hint="Declare a class of another name in the app that uses it.",
            obj=field,
            id="enums.E002",
        )
    for label in enum.labels:
        if not 0 < len(label.encode()) <= MAX_LABEL_BYTES:
            yield Error(
                f"Label {label!r} of enum type {enum.type_name!r} is not 1 to {MAX_LABEL_BYTES} "
                "bytes long.",
                hint="Shorten the value; its display text may have any length.",
                obj=field,
                id="enums.E004",
            )
