"""The tables that migrations create, at a state of the migrations."""

from django.db import router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.state import ProjectState

from config.postgres import LEDGER, read_rows


def read_own_tables(connection: BaseDatabaseWrapper, state: ProjectState) -> list[int]:
    """Return the oids of the existing tables of the state's models, and of migration records."""
    alias, quote = connection.alias, connection.ops.quote_name
    names = [
        model._meta.db_table
        for model in state.apps.get_models(include_auto_created=True)
        if model._meta.can_migrate(alias) and router.allow_migrate_model(alias, model)
    ]
    rows = read_rows(
        connection,
        "SELECT DISTINCT to_regclass(name)::oid::bigint FROM unnest(%s::text[]) AS name"
        " WHERE to_regclass(name) IS NOT NULL ORDER BY 1",
        [[quote(name) for name in (*names, LEDGER)]],
    )
    return [oid for (oid,) in rows]
