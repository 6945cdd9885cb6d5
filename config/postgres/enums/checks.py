"""System checks of enum types: what a migration or PostgreSQL would trip over later."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error
from django.db import models

from config.postgres.enums.field import EnumField, enum_field

MAX_LABEL_BYTES = 63  # NAMEDATALEN - 1: postgresql.org/docs/current/datatype-enum.html


def check_enum_types(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """All apps are looked at, whatever `app_configs` says: the name of a type is global."""
    uses = [
        (field, enum)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields
        if (enum := enum_field(field))
    ]
    return [
        *_claimed_twice(uses),
        *(error for field, enum in uses for error in _check_use(field, enum)),
    ]


type Use = tuple[models.Field[Any, Any], EnumField]


def _claimed_twice(uses: list[Use]) -> Iterator[CheckMessage]:
    claims: defaultdict[str, dict[type[models.TextChoices], None]] = defaultdict(dict)
    for _, enum in uses:
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


def _check_use(field: "models.Field[Any, Any]", enum: EnumField) -> Iterator[CheckMessage]:
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
                hint="Shorten the value; the text that people read may be as long as you like.",
                obj=field,
                id="enums.E004",
            )
