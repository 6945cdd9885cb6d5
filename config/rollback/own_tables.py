"""The tables of the models in a state of the migrations."""

from typing import Any

from django.db import router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.state import ProjectState

from config.postgres import LEDGER


def read_own_tables(connection: BaseDatabaseWrapper, state: ProjectState) -> list[int]:
    """Return those tables that exist, and the ledger of migrations, by their oids."""
    names = [
        model._meta.db_table
        for model in state.apps.get_models(include_auto_created=True)
        if has_table(model, connection.alias)
    ]
    return find_tables(connection, [*names, LEDGER])


def find_tables(connection: BaseDatabaseWrapper, names: list[str]) -> list[int]:
    """Return the tables that exist, of those that Django calls by `names`."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT to_regclass(name)::oid::bigint FROM unnest(%s::text[]) AS name"
            " WHERE to_regclass(name) IS NOT NULL ORDER BY 1",
            [[quote(name) for name in names]],
        )
        return [oid for (oid,) in cursor.fetchall()]


def has_table(model: Any, alias: str) -> bool:
    """Return whether migrations make the table of a model on the database `alias`."""
    options = model._meta
    return bool(
        options.managed
        and not options.proxy
        and not options.swapped
        and router.allow_migrate_model(alias, model)
    )
