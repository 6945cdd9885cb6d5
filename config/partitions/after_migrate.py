"""The receivers of the signals of migrate, for tables that are partitioned by month."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError
from django.db import Error, models, router

from config.console import error_reason, explain
from config.migrating import LockWaits
from config.partitions.creation import drop_all_unfinished, make_months
from config.partitions.live_partitions import read_partitions
from config.partitions.missing_months import MonthError, coming_months, current_month
from config.partitions.retries import retried
from config.postgres import monthly_partitions


def partitioned_models(alias: str) -> list[type[models.Model]]:
    """Return the models whose tables are partitioned by month on the database `alias`."""
    return [
        model
        for model in apps.get_models()
        if monthly_partitions(model)
        and model._meta.managed
        and not model._meta.proxy
        and router.allow_migrate_model(alias, model)
    ]


def drop_unfinished_copies(sender: object, waits: LockWaits, **kwargs: Any) -> None:
    """Drop unfinished partitions, because a migration may change the columns in their trigger."""
    drop_all_unfinished(waits.connection, None, retried(waits))


def make_coming_months(
    sender: object, waits: LockWaits, say: Callable[[str], None], **kwargs: Any
) -> None:
    """Create the current month and the PARTITION_MONTHS_AHEAD months after it.

    Print an error instead of raising it, because the migrations are already applied.
    """
    ahead: int = settings.PARTITION_MONTHS_AHEAD
    connection = waits.connection
    models = partitioned_models(connection.alias) if ahead >= 0 else []
    for model in models:
        table = model._meta.db_table
        try:
            partitions = read_partitions(connection, table)
            if partitions:  # there are none before a migration creates the table
                months = coming_months(partitions, current_month(), ahead)
                make_months(connection, model, months, attempt=retried(waits), say=say)
        except (Error, CommandError) as error:
            advice = error.advice if isinstance(error, MonthError) else explain(error)
            reason = advice or f"{error_reason(error, str(error))}."
            say(
                f"The coming months of {table} were not created, so their rows go to the default "
                f"partition. {reason} Then run manage.py partitions --ahead {ahead}."
            )
