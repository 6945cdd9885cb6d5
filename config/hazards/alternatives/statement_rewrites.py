"""Statements, rewritten so that they block other sessions only briefly."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.backends.utils import names_digest
from django.db.migrations import RunSQL

from config.hazards.statements import NAME, QUALIFIED, normalized, split, unquoted
from config.postgres.catalog import quote


class ReversibleSQL(NamedTuple):
    """A statement, and the statement that undoes it, or '' if there is none."""

    forwards: str
    backwards: str = ""


class SafeSQL(NamedTuple):
    """Statements that replace one statement, in three parts that run one after the other.

    `first` and `last` are transactions. The statements in `alone` run outside of transactions.
    """

    first: Sequence[ReversibleSQL] = ()
    alone: Sequence[ReversibleSQL] = ()
    last: Sequence[ReversibleSQL] = ()


ALTER = rf"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(?P<table>{QUALIFIED})"
ADD_CONSTRAINT = rf"{ALTER} ADD CONSTRAINT (?P<name>{NAME})"
DROP_INDEX = "DROP INDEX CONCURRENTLY IF EXISTS {name}"
VALIDATE = "ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
DROP_CONSTRAINT = "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}"
ADD_NOT_NULL = "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID"
ALTER_COLUMN = "ALTER TABLE {table} ALTER COLUMN {column}"
REWRITES = {
    rf"CREATE (?P<unique>UNIQUE )?INDEX (?P<name>{NAME}) ON (?P<rest>.*)": SafeSQL(
        alone=[
            ReversibleSQL(DROP_INDEX),  # an interrupted build leaves an invalid index
            ReversibleSQL("CREATE {unique}INDEX CONCURRENTLY {name} ON {rest}", DROP_INDEX),
        ]
    ),
    rf"DROP INDEX (?:IF EXISTS )?(?P<name>{QUALIFIED})": SafeSQL(alone=[ReversibleSQL(DROP_INDEX)]),
    rf"{ADD_CONSTRAINT} (?P<kind>UNIQUE|PRIMARY KEY)"
    r" (?P<columns>\([^()]*\)(?: INCLUDE \([^()]*\))?)"
    r"(?P<deferrable> DEFERRABLE INITIALLY \w+)?": SafeSQL(
        alone=[
            ReversibleSQL(DROP_INDEX),
            ReversibleSQL(
                "CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} {columns}", DROP_INDEX
            ),
            ReversibleSQL(
                "ALTER TABLE {table} ADD CONSTRAINT {name} {kind} USING INDEX {name}{deferrable}",
                DROP_CONSTRAINT,
            ),
        ]
    ),
    rf"{ADD_CONSTRAINT} (?P<definition>(?:CHECK|FOREIGN KEY)(?!.* NOT VALID$).*)": SafeSQL(
        first=[
            ReversibleSQL(
                "ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID", DROP_CONSTRAINT
            )
        ],
        last=[ReversibleSQL(VALIDATE)],
    ),
    rf"REINDEX (?P<kind>INDEX|TABLE|SCHEMA) (?P<name>{QUALIFIED})": SafeSQL(
        alone=[ReversibleSQL("REINDEX {kind} CONCURRENTLY {name}")]
    ),
    # SET NOT NULL reads no rows if a valid CHECK proves that no value is NULL.
    rf"{ALTER} ALTER COLUMN (?P<column>{NAME}) SET NOT NULL": SafeSQL(
        first=[ReversibleSQL(ADD_NOT_NULL, DROP_CONSTRAINT)],
        last=[
            ReversibleSQL(VALIDATE),
            ReversibleSQL(f"{ALTER_COLUMN} SET NOT NULL", f"{ALTER_COLUMN} DROP NOT NULL"),
            ReversibleSQL(DROP_CONSTRAINT, ADD_NOT_NULL),
        ],
    ),
}
"""The rewritten forms by pattern of the statement. A form contains groups of the pattern."""


def rewrite_statement(sql: str) -> SafeSQL | None:
    """Return `sql` rewritten without its long lock, or None if there is no rewritten form."""
    if len(split(normalized(sql))) > 1:  # several actions
        return None
    for pattern, safe in REWRITES.items():
        if match := re.fullmatch(pattern, normalized(sql), re.IGNORECASE):
            names = match.groupdict("")
            if "column" in names:
                names["name"] = _name_of_check(unquoted(names["table"]), unquoted(names["column"]))
            return SafeSQL(*([_with_names(item, names) for item in part] for part in safe))
    return None


def _name_of_check(table: str, column: str) -> str:
    """Return a name for the check of at most 63 bytes, because PostgreSQL cuts off longer names."""
    name = f"{table}_{column}"
    if len(name.encode()) > 54:
        digest = names_digest(table, column, length=8)
        name = f"{name.encode()[:45].decode(errors='ignore')}_{digest}"
    return quote(f"{name}_not_null")


def _with_names(sql: ReversibleSQL, names: dict[str, str]) -> ReversibleSQL:
    return ReversibleSQL(*(statement.format(**names) for statement in sql))


def run_sql(statements: Sequence[ReversibleSQL]) -> list[RunSQL]:
    """Return a list with one operation that runs the statements, or [] without statements."""
    if not statements:
        return []
    backwards = [item.backwards for item in reversed(statements) if item.backwards]
    return [RunSQL(script([item.forwards for item in statements]), script(backwards))]


def script(statements: Sequence[str]) -> Any:
    """Return the statements in the form that RunSQL takes."""
    return [*statements] if len(statements) > 1 else "".join(statements)
