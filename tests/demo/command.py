"""seed_demo and make_admin, run within the process of the test."""

from io import StringIO

from django.core.management import CommandError, call_command

from config.demo import TABLES
from tests.support.databases import Database
from tests.support.verify_schema import Run

UNTIL = "2026-03-01"


def seed_demo(database: Database, *arguments: str, out: StringIO | None = None) -> Run:
    return run("seed_demo", database, *arguments, out=out)


def run(command: str, database: Database, *arguments: str, out: StringIO | None = None) -> Run:
    out = out or StringIO()
    try:
        call_command(command, f"--database={database.alias}", *arguments, stdout=out)
    except CommandError as error:
        return Run(error.returncode, out.getvalue(), str(error))
    return Run(0, out.getvalue())


def count(database: Database, table: str) -> int:
    [[rows]] = database.query(f"SELECT count(*) FROM {table}")
    return int(rows)


def digest(database: Database) -> list[tuple[str, int, str]]:
    """Return the name, the number of rows and a checksum of each table."""

    sql = " UNION ALL ".join(
        f"SELECT '{table}', count(*), sum(hashtext(t::text))::text FROM {table} t"
        for table in TABLES
    )
    return database.query(f"{sql} ORDER BY 1")
