"""SQL read as text: the statements of a script, and what a statement is about."""

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


class RenamedTable(NamedTuple):
    """The names of a table before and after a statement that renames it."""

    old: str
    new: str


def statements_in(script: str) -> Iterator[str]:
    """Yield each statement without comments; after a DO block, the statements inside it."""
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
                # format() puts a name in when the block runs; any name does here.
                yield re.sub(r"%(?:\d+\$)?[IsL]", "x", match["executed"].replace("''", "'"))


def normalized(sql: str) -> str:
    """Return `sql` on one line, without the SET CONSTRAINTS that Django puts around it."""
    one_line = " ".join(sql.split()).rstrip("; ")
    one_line = re.sub(r"^SET CONSTRAINTS [^;]*; *", "", one_line, flags=re.IGNORECASE)
    return re.sub(r"; *SET CONSTRAINTS [^;]*$", "", one_line, flags=re.IGNORECASE)


def table_of(sql: str) -> str:
    """Return the table that a statement is about; '' if it names none."""
    match = ABOUT.match(normalized(sql))
    return unquoted(match["table"]) if match else ""


def created_table(sql: str) -> str:
    """Return the table or materialized view that a statement creates; '' if it creates none."""
    return _table_if(r"CREATE.* (TABLE|VIEW)", sql)


def dropped_table(sql: str) -> str:
    """Return the table that a statement drops; '' if it drops none."""
    return _table_if("DROP TABLE", sql)


def _table_if(verb: str, sql: str) -> str:
    match = ABOUT.match(normalized(sql))
    is_so = match and re.fullmatch(verb, match["verb"], re.IGNORECASE)
    return unquoted(match["table"]) if match and is_so else ""


def renamed_table(sql: str) -> RenamedTable | None:
    """Return the names of the table that a statement renames; None if it renames none."""
    match = ABOUT.match(normalized(sql))
    if not match or not match["new"]:
        return None
    return RenamedTable(unquoted(match["table"]), unquoted(match["new"]))


def unquoted(name: str) -> str:
    """Return the last part of a name as the catalog stores it."""
    last: str = re.findall(NAME, name)[-1]
    return last[1:-1].replace('""', '"') if last.startswith('"') else last.lower()


def default_of(sql: str) -> str | None:
    """Return the expression that fills a new column; None if there is none."""
    match = re.search(r" ADD COLUMN .*? DEFAULT (?!AS )(.*)$", normalized(sql), re.IGNORECASE)
    return match[1] if match else None


def functions_in(expression: str) -> set[str]:
    """Return the names in `expression` that look like calls of functions."""
    return {name.lower() for name in FUNCTION.findall(without_literals(expression))}


def without_literals(sql: str) -> str:
    return re.sub(LITERAL, "''", sql)
