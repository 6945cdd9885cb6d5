"""Copies of model fields with other options, and the default values for existing rows."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import NOT_PROVIDED
from django.utils import timezone

from config.postgres import Now

EXPRESSIONS: Mapping[Any, Any] = {uuid.uuid4: RandomUUID(), timezone.now: Now()}
"""The SQL of default functions. Django calls such a function only once, and not for each row."""
UNCHECKED: Mapping[Any, Any] = {
    models.PositiveBigIntegerField: models.BigIntegerField,
    models.PositiveIntegerField: models.IntegerField,
    models.PositiveSmallIntegerField: models.SmallIntegerField,
}


def copy_field(original: Any, kind: Any = None, **changes: Any) -> Any:
    """Return a copy of `original` with changed options. NOT_PROVIDED removes an option."""
    _, _, args, kwargs = original.deconstruct()
    options = {
        name: value for name, value in (kwargs | changes).items() if value is not NOT_PROVIDED
    }
    return (kind or type(original))(*args, **options)


def without_check(original: Any) -> Any:
    """Return a copy of `original` that Django creates without a CHECK."""
    return copy_field(original, UNCHECKED.get(type(original)))


def without_index(original: Any) -> Any:
    """Return a copy of `original` without an index and without a unique constraint."""
    if isinstance(original, models.OneToOneField):
        return copy_field(original, models.ForeignKey, db_index=False)
    if original.unique or original.db_index:
        return copy_field(original, unique=False, db_index=False)
    return copy_field(original)


def default_value(wanted: Any) -> Any:
    """Return the default for existing rows, or None if the field has no default."""
    if wanted.has_db_default():
        return wanted.db_default
    if not wanted.has_default():
        return None
    if callable(wanted.default):
        return EXPRESSIONS.get(wanted.default, wanted.get_default())
    return wanted.default
