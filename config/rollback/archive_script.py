"""The contents of a backup as SQL and rows, which pg_restore prints and this project executes.

If pg_restore connects itself, it waits for locks without a limit, and commits before a check.
"""

import re
from collections.abc import Collection, Iterator
from itertools import batched, takewhile
from typing import IO, Any

import psycopg

from config.dumps import ClientPrograms
from config.rollback.archive import ArchiveError, Section
from config.rollback.backup import Backup

# A script of pg_restore changes settings of the session. A pooler may give the session to another
# client afterwards. transaction_timeout exists since PostgreSQL 17.
RESET = """
    SELECT set_config(name, reset_val, false) FROM pg_settings
     WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout',
                    'transaction_timeout', 'client_encoding', 'standard_conforming_strings',
                    'search_path', 'check_function_bodies', 'xmloption', 'client_min_messages',
                    'row_security', 'default_tablespace', 'default_table_access_method')
"""
# pg_restore expects these defaults, but a role or a database may have other settings.
SET_FIRST = """
    SELECT set_config('array_nulls', 'on', true), set_config('intervalstyle', 'postgres', true),
           set_config('quote_all_identifiers', 'off', true),
           set_config('transform_null_equals', 'off', true), set_config('search_path', '', true)
"""
END_OF_ROWS = b"\\.\n"
ROWS_AT_ONCE = 1000
STATEMENT = re.compile(rb"""(?:'[^']*'|"[^"]*"|[^'";]++)*+;\s*""")
"""A complete statement of the script for data. Quoted names may contain any character."""
STRINGS = re.compile(rb"^SET standard_conforming_strings = (?:on|off);$", re.MULTILINE)
RESTRICTION = re.compile(rb"(?:--[^\n]*\n|\n)*+\\restrict (\w+)\n")
"""The psql command at the start of a script. \\unrestrict at the end repeats the key."""


def create_objects(session: psycopg.Connection[Any], tools: ClientPrograms, backup: Backup) -> None:
    """Create tables, types and other objects, without indexes and constraints."""
    _execute(session, tools, backup, [Section.PRE_DATA])


def create_parts(session: psycopg.Connection[Any], tools: ClientPrograms, backup: Backup) -> None:
    """Create indexes, constraints, triggers, comments and privileges."""
    _execute(session, tools, backup, [Section.POST_DATA, Section.NONE])


def copy_rows(session: psycopg.Connection[Any], tools: ClientPrograms, backup: Backup) -> None:
    """Copy all rows into their tables, and set the sequences.

    Raise ArchiveError if rows are missing afterwards.
    """
    command, entries = _pg_restore(tools, backup, [Section.DATA])
    copied = 0
    with tools.running(command, entries, bound=False) as script:
        for statement in _statements(script):
            if statement.startswith(b"COPY "):
                _copy(session, statement, script)
                copied += 1
            else:
                session.execute(statement)
    if copied != (wanted := sum(entry.kind == "TABLE DATA" for entry in backup.entries)):
        raise ArchiveError(f"it contains the rows of {copied} tables instead of {wanted}")


def _execute(
    session: psycopg.Connection[Any],
    tools: ClientPrograms,
    backup: Backup,
    sections: Collection[Section],
) -> None:
    script = tools.run(*_pg_restore(tools, backup, sections), bound=False)
    if restriction := RESTRICTION.match(script):
        for command in (b"\\restrict ", b"\\unrestrict "):
            script = script.replace(command + restriction[1], b"")
    # Execute the setting first. PostgreSQL parses all strings of a script before executing any.
    if setting := STRINGS.search(script):
        session.execute(setting[0])
    # Remove the statement that resets lock_timeout. It is the first match, because the script
    # begins with settings.
    session.execute(script.replace(b"\nSET lock_timeout = 0;\n", b"\n", 1))
    session.execute("SET standard_conforming_strings = on")


def _pg_restore(
    tools: ClientPrograms, backup: Backup, sections: Collection[Section]
) -> tuple[list[str], bytes]:
    """Return the command line that prints `sections` of the backup, and its standard input."""
    ids = [entry.id for entry in backup.entries if entry.section in sections]
    command = [str(tools.bin / "pg_restore"), "--file=-", "--use-list=/dev/stdin"]
    return [*command, str(backup.path.resolve())], "".join(f"{each};\n" for each in ids).encode()


def _statements(script: IO[bytes]) -> Iterator[bytes]:
    """Yield the statements of the script for data. The caller reads the rows after a COPY."""
    statement = b""
    for line in script:
        if not statement and (line.isspace() or line.startswith((b"--", b"\\"))):
            continue
        statement += line
        if STATEMENT.fullmatch(statement):
            if not statement.startswith(b"SET lock_timeout "):
                yield statement
            statement = b""


def _copy(session: psycopg.Connection[Any], statement: bytes, script: IO[bytes]) -> None:
    """Copy the rows of one table. If the rows end too early, pg_restore reports the reason."""
    sent = 0
    with session.cursor() as cursor:
        with cursor.copy(statement) as copy:
            rows = takewhile(lambda line: line != END_OF_ROWS and line.endswith(b"\n"), script)
            for some in batched(rows, ROWS_AT_ONCE):
                copy.write(b"".join(some))
                sent += len(some)
        if cursor.rowcount != sent:
            raise ArchiveError(
                f"only {cursor.rowcount} of {sent} rows were copied: {statement.decode().strip()}"
            )
