"""Fields of models that tests create, change and rename."""

from typing import Any

from django.db import models

from config.postgres.enums import EnumField

type AnyField = "models.Field[Any, Any]"


def text(**options: Any) -> AnyField:
    return models.CharField(max_length=20, **options)


def mood(**options: Any) -> AnyField:
    return EnumField(type_name="mood", labels=["happy", "sad"], **options)
