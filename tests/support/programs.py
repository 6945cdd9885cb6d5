"""PostgreSQL's client programs."""

import os
import subprocess
from typing import Any

from config.embedded.data_directory import BIN
from tests.support.databases import Database

OPTIONS = {"host": "host", "port": "port", "user": "username", "dbname": "dbname"}


def run_program(name: str, database: Database, *arguments: str, **options: Any) -> bytes:
    """Run a program on the database to its end; return its output."""
    where = database.where
    found_by = [f"--{OPTIONS[key]}={where[key]}" for key in OPTIONS if key in where]
    process = subprocess.run(
        [str(BIN / name), *found_by, *arguments],
        check=True,
        stdout=subprocess.PIPE,
        env=os.environ | {"PGPASSWORD": str(where.get("password", ""))},
        **options,
    )
    return bytes(process.stdout)
