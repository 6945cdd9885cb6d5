"""What a statement of DDL is about, and how to write it so that nobody waits for it."""

import re
from dataclasses import dataclass

NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
QUALIFIED = rf"(?:{NAME}\.)?{NAME}"
ABOUT = re.compile(
    r"(?P<verb>(?:ALTER|CREATE(?: UNLOGGED| TEMP| TEMPORARY)?|DROP|TRUNCATE|LOCK|REINDEX) TABLE"
    r"|CREATE MATERIALIZED VIEW"
    r"|CREATE (?:UNIQUE )?INDEX .*?\bON|UPDATE|DELETE FROM|INSERT INTO|MERGE INTO|TRUNCATE|LOCK"
    r"|CLUSTER|VACUUM (?:\([^)]*\)|FULL)(?: FULL| FREEZE| VERBOSE| ANALYZE)*"
    r"|REFRESH MATERIALIZED VIEW)"
    rf"(?: IF NOT EXISTS| IF EXISTS| ONLY| CONCURRENTLY)* (?P<table>{QUALIFIED})"
    rf"(?P<renamed> RENAME TO (?P<new>{NAME}))?",
    re.IGNORECASE,
)
FUNCTION = re.compile(r"([a-z_][\w$]*) *\(", re.IGNORECASE)


def normalized(sql: str) -> str:
    """`sql` on one line, without what Django puts around it for deferred constraints."""
    one_line = " ".join(sql.split()).rstrip("; ")
    one_line = re.sub(r"^SET CONSTRAINTS [^;]*; *", "", one_line, flags=re.IGNORECASE)
    return re.sub(r"; *SET CONSTRAINTS [^;]*$", "", one_line, flags=re.IGNORECASE)


def table_of(sql: str) -> str:
    """The table that a statement is about; '' if none is named."""
    match = ABOUT.match(normalized(sql))
    return unquoted(match["table"]) if match else ""


def created_table(sql: str) -> str:
    match = ABOUT.match(normalized(sql))
    is_created = match and re.fullmatch("CREATE.* (TABLE|VIEW)", match["verb"], re.IGNORECASE)
    return unquoted(match["table"]) if match and is_created else ""


def dropped_table(sql: str) -> str:
    match = ABOUT.match(normalized(sql))
    return unquoted(match["table"]) if match and match["verb"].upper() == "DROP TABLE" else ""


def renamed_table(sql: str) -> tuple[str, str] | None:
    """The old name and the new one, if that is what the statement does."""
    match = ABOUT.match(normalized(sql))
    if not match or not match["renamed"]:
        return None
    return unquoted(match["table"]), unquoted(match["new"])


def unquoted(name: str) -> str:
    """The last part of a name, as the catalog has it."""
    last: str = re.findall(NAME, name)[-1]
    return last[1:-1].replace('""', '"') if last.startswith('"') else last.lower()


def default_of(sql: str) -> str | None:
    """The expression that a new column takes its values from, if it has a default."""
    match = re.search(r" ADD COLUMN .*? DEFAULT (?!AS )(.*)$", normalized(sql), re.IGNORECASE)
    return match[1] if match else None


def functions_in(expression: str) -> set[str]:
    """The names that look like calls."""
    return {name.lower() for name in FUNCTION.findall(without_literals(expression))}


def without_literals(sql: str) -> str:
    return re.sub(r"'(?:[^']|'')*'", "''", sql)


# Safe ways


@dataclass(frozen=True)
class Safe:
    """Statements that together do what one statement did, with what takes each of them back.

    Those of `first` and of `last` are short and run in a transaction each; those of `alone` run
    in none.
    """

    first: tuple[tuple[str, str], ...] = ()
    alone: tuple[tuple[str, str], ...] = ()
    last: tuple[tuple[str, str], ...] = ()


def safe(sql: str) -> Safe | None:
    """`sql` without the long lock; None if there is no such way, or no need."""
    for pattern, rewrite in REWRITES:
        if match := pattern.fullmatch(normalized(sql)):
            return rewrite(match)
    return None


def _index(match: re.Match[str]) -> Safe:
    name = match["name"]
    sql = f"CREATE {match['unique'] or ''}INDEX CONCURRENTLY {name} ON {match['rest']}"
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    # A build that was interrupted leaves an invalid index behind, which would be in the way.
    return Safe(alone=((drop, ""), (sql, drop)))


def _no_index(match: re.Match[str]) -> Safe:
    return Safe(alone=((f"DROP INDEX CONCURRENTLY IF EXISTS {match['name']}", ""),))


def _not_valid(match: re.Match[str]) -> Safe:
    alter, name = f"ALTER TABLE {match['table']}", match["name"]
    add = f"{alter} ADD CONSTRAINT {name} {match['definition']} NOT VALID"
    drop = f"{alter} DROP CONSTRAINT IF EXISTS {name}"
    return Safe(first=((add, drop),), last=((f"{alter} VALIDATE CONSTRAINT {name}", ""),))


def _unique(match: re.Match[str]) -> Safe:
    alter, name = f"ALTER TABLE {match['table']}", match["name"]
    drop_index = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    index = (
        f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {match['table']}"
        f" {match['columns']}{match['include'] or ''}"
    )
    kind = match["kind"].upper()
    add = f"{alter} ADD CONSTRAINT {name} {kind} USING INDEX {name}{match['deferrable'] or ''}"
    drop = f"{alter} DROP CONSTRAINT IF EXISTS {name}"
    return Safe(alone=((drop_index, ""), (index, drop_index), (add, drop)))


def _not_null(match: re.Match[str]) -> Safe:
    """PostgreSQL takes a valid CHECK's word for it, and does not read the table."""
    alter, column = f"ALTER TABLE {match['table']}", match["column"]
    check = f'"{f"{unquoted(match['table'])}_{unquoted(column)}"[:54]}_not_null"'
    drop = f"{alter} DROP CONSTRAINT IF EXISTS {check}"
    set_not_null = f"{alter} ALTER COLUMN {column} SET NOT NULL"
    return Safe(
        first=((f"{alter} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID", drop),),
        last=(
            (f"{alter} VALIDATE CONSTRAINT {check}", ""),
            (set_not_null, f"{alter} ALTER COLUMN {column} DROP NOT NULL"),
            (drop, f"{alter} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID"),
        ),
    )


def _reindex(match: re.Match[str]) -> Safe:
    return Safe(alone=((f"REINDEX {match['kind']} CONCURRENTLY {match['name']}", ""),))


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


ALTER = rf"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(?P<table>{QUALIFIED})"
REWRITES = (
    (
        _pattern(rf"CREATE (?P<unique>UNIQUE )?INDEX (?P<name>{NAME}) ON (?P<rest>.*)"),
        _index,
    ),
    (_pattern(rf"DROP INDEX (?:IF EXISTS )?(?P<name>{QUALIFIED})"), _no_index),
    (
        _pattern(
            rf"{ALTER} ADD CONSTRAINT (?P<name>{NAME}) (?P<kind>UNIQUE|PRIMARY KEY)"
            r" (?P<columns>\([^()]*\))(?P<include> INCLUDE \([^()]*\))?"
            r"(?P<deferrable> DEFERRABLE INITIALLY \w+)?"
        ),
        _unique,
    ),
    (
        _pattern(
            rf"{ALTER} ADD CONSTRAINT (?P<name>{NAME})"
            r" (?P<definition>(?:CHECK|FOREIGN KEY)(?!.* NOT VALID$).*)"
        ),
        _not_valid,
    ),
    (_pattern(rf"REINDEX (?P<kind>INDEX|TABLE|SCHEMA) (?P<name>{QUALIFIED})"), _reindex),
    (_pattern(rf"{ALTER} ALTER COLUMN (?P<column>{NAME}) SET NOT NULL"), _not_null),
)
