"""Statements rewritten so that they do not block other sessions for long."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.migrations import RunSQL

from config.hazards.statements import NAME, QUALIFIED, normalized, unquoted


class ReversibleSQL(NamedTuple):
    """A statement and the one that undoes it; '' if nothing has to be undone."""

    forwards: str
    backwards: str = ""


class SafeSQL(NamedTuple):
    """Statements that together do what one statement did.

    Those of `first` and of `last` are short, and run in a transaction each. Those of `alone` run
    in no transaction.
    """

    first: tuple[ReversibleSQL, ...] = ()
    alone: tuple[ReversibleSQL, ...] = ()
    last: tuple[ReversibleSQL, ...] = ()


def rewrite_statement(sql: str) -> SafeSQL | None:
    """Return `sql` without its long lock; None if that is impossible or not needed."""
    for pattern, rewrite in REWRITES:
        if match := re.fullmatch(pattern, normalized(sql), re.IGNORECASE):
            return rewrite(match)
    return None


def _index(match: re.Match[str]) -> SafeSQL:
    name = match["name"]
    create = f"CREATE {match['unique'] or ''}INDEX CONCURRENTLY {name} ON {match['rest']}"
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    # A build that was interrupted leaves an invalid index of this name.
    return SafeSQL(alone=(ReversibleSQL(drop), ReversibleSQL(create, drop)))


def _dropped_index(match: re.Match[str]) -> SafeSQL:
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {match['name']}"
    return SafeSQL(alone=(ReversibleSQL(drop),))


def _not_valid(match: re.Match[str]) -> SafeSQL:
    alter, name = f"ALTER TABLE {match['table']}", match["name"]
    add = f"{alter} ADD CONSTRAINT {name} {match['definition']} NOT VALID"
    drop = f"{alter} DROP CONSTRAINT IF EXISTS {name}"
    validate = f"{alter} VALIDATE CONSTRAINT {name}"
    return SafeSQL(first=(ReversibleSQL(add, drop),), last=(ReversibleSQL(validate),))


def _unique(match: re.Match[str]) -> SafeSQL:
    alter, name = f"ALTER TABLE {match['table']}", match["name"]
    drop_index = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    index = (
        f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {match['table']}"
        f" {match['columns']}{match['include'] or ''}"
    )
    kind = match["kind"].upper()
    add = f"{alter} ADD CONSTRAINT {name} {kind} USING INDEX {name}{match['deferrable'] or ''}"
    drop = f"{alter} DROP CONSTRAINT IF EXISTS {name}"
    return SafeSQL(
        alone=(
            ReversibleSQL(drop_index),
            ReversibleSQL(index, drop_index),
            ReversibleSQL(add, drop),
        )
    )


def _not_null(match: re.Match[str]) -> SafeSQL:
    """Return a SET NOT NULL that reads no row, because a valid CHECK proves it already."""
    alter, column = f"ALTER TABLE {match['table']}", match["column"]
    check = f'"{f"{unquoted(match['table'])}_{unquoted(column)}"[:54]}_not_null"'
    add = f"{alter} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID"
    drop = f"{alter} DROP CONSTRAINT IF EXISTS {check}"
    alter_column = f"{alter} ALTER COLUMN {column}"
    return SafeSQL(
        first=(ReversibleSQL(add, drop),),
        last=(
            ReversibleSQL(f"{alter} VALIDATE CONSTRAINT {check}"),
            ReversibleSQL(f"{alter_column} SET NOT NULL", f"{alter_column} DROP NOT NULL"),
            ReversibleSQL(drop, add),
        ),
    )


def _reindex(match: re.Match[str]) -> SafeSQL:
    reindex = f"REINDEX {match['kind']} CONCURRENTLY {match['name']}"
    return SafeSQL(alone=(ReversibleSQL(reindex),))


ALTER = rf"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(?P<table>{QUALIFIED})"
REWRITES = (
    (rf"CREATE (?P<unique>UNIQUE )?INDEX (?P<name>{NAME}) ON (?P<rest>.*)", _index),
    (rf"DROP INDEX (?:IF EXISTS )?(?P<name>{QUALIFIED})", _dropped_index),
    (
        rf"{ALTER} ADD CONSTRAINT (?P<name>{NAME}) (?P<kind>UNIQUE|PRIMARY KEY)"
        r" (?P<columns>\([^()]*\))(?P<include> INCLUDE \([^()]*\))?"
        r"(?P<deferrable> DEFERRABLE INITIALLY \w+)?",
        _unique,
    ),
    (
        rf"{ALTER} ADD CONSTRAINT (?P<name>{NAME})"
        r" (?P<definition>(?:CHECK|FOREIGN KEY)(?!.* NOT VALID$).*)",
        _not_valid,
    ),
    (rf"REINDEX (?P<kind>INDEX|TABLE|SCHEMA) (?P<name>{QUALIFIED})", _reindex),
    (rf"{ALTER} ALTER COLUMN (?P<column>{NAME}) SET NOT NULL", _not_null),
)


def run_sql(statements: Sequence[ReversibleSQL]) -> list[RunSQL]:
    """Return an operation that runs the statements; none if there are no statements."""
    if not statements:
        return []
    backwards = [item.backwards for item in reversed(statements) if item.backwards]
    return [RunSQL(script([item.forwards for item in statements]), script(backwards))]


def script(statements: Sequence[str]) -> Any:
    """Return the statements in the form that RunSQL takes."""
    return [*statements] if len(statements) > 1 else "".join(statements)
