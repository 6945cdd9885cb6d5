"""The backup before a rollback, in pg_dump's custom format.

It holds everything that migrations have made, not only what is dropped: a rollback also changes
tables that stay. It drops their columns, deletes content types, and runs the code of migrations.
Only the backup of everything restores the database as it was.
"""

import os
import re
import shlex
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog import Address, read_schema, transposed
from config.rollback.client_programs import ClientProgramError, ClientPrograms

NEXT_STEP = "Nothing was changed. Fix this, or make your own backup and pass --no-backup."
LOCK_WAIT = 10_000  # milliseconds, for tables that are not ours and are being altered
ENTRY = re.compile(r"\d+; \d+ \d+ (TABLE DATA|TABLE|TYPE) (\S+) (.+) \S+")


@dataclass(frozen=True)
class Backup:
    """A file that pg_dump has written, and its contents."""

    path: Path
    schemas: Sequence[str]
    tables: Sequence[str]
    enum_types: Sequence[str]
    entries: Collection[tuple[int, int]]

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size


def write_backup(
    connection: BaseDatabaseWrapper,
    tools: ClientPrograms,
    relations: Collection[int],
    objects: Collection[Address],
    directory: Path,
) -> Backup:
    """Dump `tables`, their enum types and sequences into a new file in `directory`.

    The file gets its name when it is complete, and only its owner can read it.
    Raise CommandError if it cannot be written.
    """
    try:
        path = _new_path(directory, read_schema(connection).database)
        with _unfinished(path) as unfinished:
            tools.run(
                tools.command(
                    "pg_dump",
                    *("--no-password", "--format=custom"),
                    *(f"--schema={_pattern(name)}" for name in _schemas(connection, relations)),
                    f"--lock-wait-timeout={LOCK_WAIT}",
                    *(f"--exclude-table={pattern}" for pattern in _others(connection, relations)),
                    f"--file={unfinished}",
                )
            )
            _sync(unfinished)
        backup = read_backup(tools, path)
        _check_complete(connection, backup, objects)
        return backup
    except ClientProgramError as error:
        raise CommandError(f"No backup could be written: {error}. {NEXT_STEP}") from error
    except OSError as error:
        raise CommandError(
            f"No backup could be written into {directory}: {error.strerror}. {NEXT_STEP}"
        ) from error


def read_backup(tools: ClientPrograms, path: Path) -> Backup:
    """Return the backup that is in the file, by its own table of contents.

    Raise ClientProgramError if the file is not a backup, or damaged.
    """
    listing = tools.run([str(tools.bin / "pg_restore"), "--list", str(path)])
    entries = [match.groups() for line in listing.splitlines() if (match := ENTRY.match(line))]
    with_rows = {name for kind, _, name in entries if kind == "TABLE DATA"}
    tables = [
        (schema, name) for kind, schema, name in entries if kind == "TABLE" and name in with_rows
    ]
    types = [name for kind, _, name in entries if kind == "TYPE"]
    numbers = re.findall(r"^\d+; (\d+) (\d+) ", listing, re.MULTILINE)
    return Backup(
        path,
        sorted({schema for schema, _ in tables}),
        [name for _, name in tables],
        types,
        {(int(catalog), int(oid)) for catalog, oid in numbers},
    )


def _check_complete(
    connection: BaseDatabaseWrapper, backup: Backup, objects: Collection[Address]
) -> None:
    """Raise CommandError if something that is dropped is not in the backup."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT catalog::regclass::oid::bigint, oid::bigint,"
            " pg_describe_object(catalog::regclass, oid, 0)"
            " FROM unnest(%s::text[], %s::oid[], %s::int[]) AS object (catalog, oid, number)",
            transposed(list(objects)),
        )
        missing = [name for *key, name in cursor.fetchall() if tuple(key) not in backup.entries]
    if missing:
        raise CommandError(
            f"The backup {shown(backup.path)} lacks {', '.join(missing)}. {NEXT_STEP}"
        )


def shown(path: Path) -> str:
    """Return `path` from the current directory, quoted for a shell."""
    path = path.resolve()
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _schemas(connection: BaseDatabaseWrapper, relations: Collection[int]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nspname FROM pg_namespace WHERE oid IN"
            " (SELECT relnamespace FROM pg_class WHERE oid = ANY (%s::oid[])) ORDER BY 1",
            [list(relations)],
        )
        return [name for (name,) in cursor.fetchall()]


def _others(connection: BaseDatabaseWrapper, relations: Collection[int]) -> Iterator[str]:
    """Yield a pattern for each relation of the schemas except `relations` and their sequences."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT nspname, c.relname
              FROM pg_class AS c
              JOIN pg_namespace AS n ON n.oid = relnamespace
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
               AND nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'
               AND NOT c.oid = ANY (%s::oid[])
               AND NOT EXISTS (
                   SELECT FROM pg_depend AS d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                      AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
                      AND d.refobjid = ANY (%s::oid[]))
             ORDER BY 1, 2
            """,
            [list(relations), list(relations)],
        )
        for schema, name in cursor.fetchall():
            yield f"{_pattern(schema)}.{_pattern(name)}"


def _pattern(name: str) -> str:
    """Return psql's pattern that matches only this name."""
    return '"' + name.replace('"', '""') + '"'


def _new_path(directory: Path, database: str) -> Path:
    if not directory.exists():
        directory.mkdir(mode=0o700, parents=True)
        (directory / ".gitignore").write_text("*\n")  # rows do not belong in a repository
    stem = f"{re.sub(r'[^\w.-]', '_', database)}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    names = chain([stem], (f"{stem}-{number}" for number in count(2)))
    return next(path for name in names if not (path := directory / f"{name}.dump").exists())


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """Give a file that gets the name `path` in the end, or is removed if an error is raised."""
    unfinished = path.with_suffix(".unfinished")
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        yield unfinished
        unfinished.rename(path)
        _sync(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
