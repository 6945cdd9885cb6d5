"""manage.py rollback, run within the process of the test, and the contents of a database."""

import json
import os
import shlex
import subprocess
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.migrating.sessions import Listener
from tests.support.databases import libpq_parameters
from tests.support.migrations import live_catalog, run_sql

GO_ON = ("--noinput", "--yes-destroy-data")
NEEDS_CONSENT = (
    "Data would be destroyed, and --noinput alone does not allow it. Nothing was changed. "
    "Add --yes-destroy-data."
)


def rollback(*arguments: object) -> list[str]:
    """Return the lines that `manage.py rollback` prints."""
    output = StringIO()
    call_command("rollback", *map(str, arguments), stdout=output, no_color=True)
    return output.getvalue().splitlines()


def rollback_until(words: str, reaction: Callable[[], Any], *arguments: object) -> list[str]:
    """Run rollback; call `reaction` when it prints text that matches `words`. Return the lines."""
    output = Listener(words, reaction)
    call_command("rollback", *map(str, arguments), stdout=output, no_color=True)
    return output.getvalue().splitlines()


def refusal(*arguments: object) -> str:
    """Return the message with which rollback refuses; check that the database is unchanged."""
    before = contents()
    with pytest.raises(CommandError) as error:
        rollback(*arguments)
    assert contents() == before
    return str(error.value)


def backup_path(lines: list[str]) -> Path:
    """Return the path of the backup that a rollback printed in `lines`."""
    [path] = [line.split()[1] for line in lines if line.startswith("Backup: ")]
    return Path(path)


def restore(lines: list[str]) -> list[str]:
    """Restore the backup of the rollback that printed `lines`; return the new lines."""
    return rollback("--restore", backup_path(lines), *GO_ON)


def destroyed(lines: list[str]) -> list[str]:
    """Return the items that are destroyed according to the plan in the `lines`."""
    text = "\n".join(lines).partition("This destroys\n")[2].partition("\n\n")[0]
    text = text.partition("\n  Unapplying ")[0]
    return [line.strip() for line in text.replace("\n    ", " ").splitlines()]


def contents() -> dict[str, Any]:
    """Return the whole catalog, a checksum of each table's rows, and each sequence's last value."""
    catalog = live_catalog()
    tables = [key.name for key in catalog if key.kind == "table"]
    checksums = " UNION ALL ".join(map(CHECKSUM.format, tables))
    return {
        "catalog": {
            f"{key.kind} {key}": json.dumps(dict(attributes), sort_keys=True)
            for key, attributes in catalog.items()
        },
        "rows": {table: checksum for table, *checksum in run_sql(checksums)},
        "sequences": run_sql("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"),
    }


CHECKSUM = """
    SELECT '{0}', count(*), md5(string_agg(digest, '' ORDER BY digest))
      FROM (SELECT md5(t::text) AS digest FROM "{0}" AS t) AS rows
"""


def run_command(line: str) -> None:
    """Run a command that rollback prints, with the password in the environment."""
    password = str(connection.settings_dict["PASSWORD"])
    connection.close()
    subprocess.run(shlex.split(line), check=True, env=os.environ | {"PGPASSWORD": password})


def names() -> set[str]:
    """Return all tables, indexes, sequences and types in the schema."""
    return {
        name
        for (name,) in run_sql(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace UNION"
            " SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace"
        )
    }


def session() -> psycopg.Connection[Any]:
    """Return another session in the same database."""
    return psycopg.connect(**libpq_parameters(connection))
