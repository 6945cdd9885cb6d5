"""Backups of databases in which nothing was rolled back."""

from pathlib import Path

from django.db import connection

from config.dumps.client_programs import find_client_programs
from config.postgres.catalog import Address
from config.rollback.backup import Backup, write_backup
from tests.support.migrations import run_sql


def back_up(directory: Path, *schemas: str) -> Backup:
    """Write a backup of all tables and functions in `schemas`, as if a rollback dropped them."""
    found = ", ".join(f"'{schema}'::regnamespace" for schema in ("public", *schemas))
    objects = [
        Address(*row)
        for row in run_sql(
            f"SELECT 'pg_class', oid FROM pg_class WHERE relnamespace IN ({found})"
            "   AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') UNION ALL"
            f" SELECT 'pg_proc', oid FROM pg_proc WHERE pronamespace IN ({found}) UNION ALL"
            f" SELECT 'pg_type', oid FROM pg_type WHERE typnamespace IN ({found}) UNION ALL"
            f" SELECT 'pg_collation', oid FROM pg_collation WHERE collnamespace IN ({found})"
            " UNION ALL SELECT 'pg_namespace', oid FROM pg_namespace"
            f"  WHERE oid IN ({found}) AND nspname <> 'public'"
        )
    ]
    return write_backup(connection, find_client_programs(connection), objects, directory)
