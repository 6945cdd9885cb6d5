"""A parser that finds the statements of a script, and the table of a statement."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import sqlparse

NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
QUALIFIED = rf"(?:{NAME}\.)?{NAME}"
ABOUT = re.compile(
    r"(?P<verb>(?:ALTER|CREATE(?: UNLOGGED| TEMP| TEMPORARY)?|DROP|TRUNCATE|LOCK|REINDEX) TABLE"
    r"|CREATE MATERIALIZED VIEW"
    r"|CREATE (?:UNIQUE )?INDEX .*?\bON|UPDATE|DELETE FROM|INSERT INTO|MERGE INTO|TRUNCATE|LOCK"
    r"|CLUSTER|VACUUM (?:\([^)]*\)|FULL)(?: FULL| FREEZE| VERBOSE| ANALYZE)*"
    r"|REFRESH MATERIALIZED VIEW)"
    rf"(?: IF NOT EXISTS| IF EXISTS| ONLY| CONCURRENTLY)* (?P<table>{QUALIFIED})"
    rf"(?: RENAME TO (?P<new>{NAME}))?",
    re.IGNORECASE,
)
FUNCTION = re.compile(r"([a-z_][\w$]*) *\(", re.IGNORECASE)
LITERAL = r"'(?:[^']|'')*'"
TOKEN = re.compile(rf'{LITERAL}|"(?:[^"]|"")*"|.', re.DOTALL)
VERB = (
    r"(?:ALTER|CLUSTER|CREATE|DELETE|DROP|INSERT|LOCK|MERGE|REFRESH|REINDEX|TRUNCATE|UPDATE"
    r"|VACUUM|WITH)\b"
)
DO_BLOCK = re.compile(r"DO\b.*?\$(\w*)\$(?P<body>.*)\$\1\$", re.IGNORECASE | re.DOTALL)
IN_BLOCK = re.compile(
    rf"\bEXECUTE\s+(?:format\s*\(\s*)?'(?P<executed>\s*{VERB}(?:[^']|'')*)'"
    rf"|(?:;|\b(?:BEGIN|ELSE|LOOP|THEN)\b)\s*(?P<plain>{VERB}(?:[^;']|{LITERAL})*)"
    rf"|{LITERAL}",
    re.IGNORECASE,
)


class TableStatement(NamedTuple):
    """The verb of a statement, its table, and the new name if it renames the table."""

    verb: str
    table: str
    new_name: str


def statements_in(script: str) -> Iterator[str]:
    """Yield each statement without comments, and the statements inside each DO block."""
    for part in sqlparse.split(script):
        statement = sqlparse.format(part, strip_comments=True).strip()
        if statement:
            yield statement
            yield from _in_block(statement)


def _in_block(statement: str) -> Iterator[str]:
    if block := DO_BLOCK.match(statement):
        for match in IN_BLOCK.finditer(f";{block['body']}"):
            if match["plain"]:
                yield match["plain"].strip()
            elif match["executed"]:
                # format() inserts a name when the block runs, so use a placeholder.
                yield re.sub(r"%(?:\d+\$)?[IsL]", "x", match["executed"].replace("''", "'"))


def normalized(sql: str) -> str:
    """Return `sql` on one line, without the SET CONSTRAINTS that Django puts around it."""
    one_line = " ".join(sql.split()).rstrip("; ")
    one_line = re.sub(r"^SET CONSTRAINTS [^;]*; *", "", one_line, flags=re.IGNORECASE)
    return re.sub(r"; *SET CONSTRAINTS [^;]*$", "", one_line, flags=re.IGNORECASE)


def split(text: str) -> list[str]:
    """Split the text at the commas that are outside of quotes and parentheses."""
    parts, depth = [""], 0
    for piece in TOKEN.findall(text):
        depth += (piece in "([") - (piece in ")]")
        if piece == "," and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return [part.strip() for part in parts]


def table_statement(sql: str) -> TableStatement | None:
    """Return the verb and the table of a statement, or None if it names no table."""
    match = ABOUT.match(normalized(sql))
    if not match:
        return None
    new_name = unquoted(match["new"]) if match["new"] else ""
    return TableStatement(match["verb"].upper(), unquoted(match["table"]), new_name)


def table_of(sql: str) -> str:
    """Return the table that a statement is about, or '' if it names none."""
    statement = table_statement(sql)
    return statement.table if statement else ""


def unquoted(name: str) -> str:
    """Return the last part of a name as the catalog stores it."""
    last: str = re.findall(NAME, name)[-1]
    return last[1:-1].replace('""', '"') if last.startswith('"') else last.lower()


def default_of(sql: str) -> str | None:
    """Return the default of a new column, or None if there is none."""
    match = re.search(r" ADD COLUMN .*? DEFAULT (?!AS )(.*)$", normalized(sql), re.IGNORECASE)
    return match[1] if match else None


def functions_in(expression: str) -> set[str]:
    """Return the names in `expression` that look like function calls."""
    return {name.lower() for name in FUNCTION.findall(without_literals(expression))}


def without_literals(sql: str) -> str:
    return re.sub(LITERAL, "''", sql)
