"""seed_demo as the command line runs it, but within this process."""

from io import StringIO

from django.core.management import CommandError, call_command

from tests.drift.command import Run
from tests.support.databases import Database

UNTIL = "2026-03-01"


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


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
    """Of each table the number of its rows, and a sum over all of their text."""
    from config.demo.rows import TABLES

    sql = " UNION ALL ".join(
        f"SELECT '{table}', count(*), sum(hashtext(t::text))::text FROM {table} t"
        for table in TABLES
    )
    return database.query(sql)
