"""What migrate does for divided tables: before it begins, and the coming months afterwards."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError
from django.db import Error, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import explain
from config.migrating import LockWaits
from config.partitions.live_partitions import read_partitions
from config.partitions.making import make_months, remove_copies
from config.partitions.month_error import MonthError
from config.partitions.months_to_make import coming_months, current_month
from config.partitions.upkeep import retried
from config.postgres import monthly_partitions


def divided_models(alias: str) -> list[type[models.Model]]:
    """Return the models whose tables are divided into months on the database `alias`."""
    return [
        model
        for model in apps.get_models()
        if monthly_partitions(model)
        and model._meta.managed
        and not model._meta.proxy
        and router.allow_migrate_model(alias, model)
    ]


def _reason(error: Exception) -> str:
    return error.advice if isinstance(error, MonthError) else explain(error) or str(error)


def remove_unfinished_copies(sender: object, waits: LockWaits, **kwargs: Any) -> None:
    """Remove what a run of partitions has left: its trigger names columns, which may change."""
    remove_copies(waits.connection, None, retried(waits))


def make_coming_months(
    sender: object, waits: LockWaits, say: Callable[[str], None], **kwargs: Any
) -> None:
    """Make PARTITION_MONTHS_AHEAD months. If that fails, say so: migrate itself has succeeded."""
    ahead: int = settings.PARTITION_MONTHS_AHEAD
    connection: BaseDatabaseWrapper = waits.connection
    for model in divided_models(connection.alias) if ahead >= 0 else ():
        table = model._meta.db_table
        try:
            if partitions := read_partitions(connection, table):  # else it is not migrated so far
                months = coming_months(partitions, current_month(), ahead)
                make_months(connection, model, months, attempt=retried(waits), say=say)
        except (Error, CommandError) as error:
            say(
                f"Rows of the coming months of {table} go to the default partition, until "
                f"manage.py partitions --ahead {ahead} makes the months: {_reason(error)}"
            )
