"""The demands of statements: conditions, such as NOT NULL, that existing rows must meet."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from config.hazards.statements import NAME, QUALIFIED, TOKEN, normalized, split, unquoted

TABLE = rf"(?P<table>{QUALIFIED})"
ALTER_TABLE = re.compile(
    rf"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?{TABLE} (?P<actions>.*)", re.IGNORECASE
)
UNIQUE_INDEX = re.compile(
    r"CREATE UNIQUE INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?"
    rf"(?P<name>{QUALIFIED}) ON (?:ONLY )?{TABLE} (?:USING \w+ )?(?P<rest>\(.*)",
    re.IGNORECASE,
)
NEW_ENUM = re.compile(
    rf"CREATE TYPE (?P<name>{QUALIFIED}) AS ENUM \((?P<labels>.*)\)", re.IGNORECASE
)
VALIDATION = re.compile(
    rf"ALTER TABLE (?:ONLY )?{TABLE} VALIDATE CONSTRAINT (?P<name>{NAME})", re.IGNORECASE
)
CONSTANT = r"(?:''|[-+]?\d[\d.]*|true|false)(?:::\w+)?(?: |$)"
"""A pattern for literals in SQL whose strings have been replaced by ''."""
ORDER = re.compile(r"(?: (?:ASC|DESC)| NULLS (?:FIRST|LAST)| \w+_ops)+$", re.IGNORECASE)


@dataclass(frozen=True)
class Demand:
    """A demand of a statement on each row of a table. Names and expressions are SQL."""

    table: str
    fault: str
    """The message about rows that do not meet the demand, with `{rows}` for their number."""
    condition: str = ""
    """The condition that is true for a row that does not meet the demand."""
    keys: str = ""
    """The expressions whose values must be unique, or '' if none must be."""
    shown: str = ""
    """The expression with the faulty value of a row, or '' to show the row's key alone."""
    column: str = ""
    new_type: str = ""
    """The type that the values of `column` must fit."""
    labels: tuple[str, ...] = ()
    """The labels of `new_type` as literals, if it is an enum type that the plan creates."""
    other_table: str = ""
    """The table that a foreign key refers to."""

    @property
    def bare_column(self) -> str:
        """The name of the column in the catalog, or '' without a column."""
        return unquoted(self.column) if self.column else ""

    @property
    def place(self) -> str:
        """The column, or the table if there is no column, for messages."""
        return _column(self.table, self.column) if self.column else f"table {_shown(self.table)}"

    @property
    def tables(self) -> set[str]:
        """The names of the tables that are involved."""
        return {unquoted(name) for name in (self.table, self.other_table) if name}

    @property
    def source(self) -> str:
        """The clauses after SELECT that find the faulty rows, grouped if `keys` must be unique."""
        where = f" WHERE {self.condition}" if self.condition else ""
        groups = f" GROUP BY {self.keys} HAVING count(*) > 1" if self.keys else ""
        return f"FROM {self.table}{where}{groups}"

    @property
    def query(self) -> str:
        """The statement that finds the faulty rows."""
        columns = f"{self.keys}, count(*)" if self.keys else "*"
        return f"SELECT {columns} {self.source}"


def demands_of(sql: str) -> Iterator[Demand]:
    """Yield the demands of the statement on existing rows."""
    text = normalized(sql)
    if match := UNIQUE_INDEX.fullmatch(text):
        yield from _unique(match["table"], match["rest"])
    elif match := ALTER_TABLE.fullmatch(text):
        for action in split(match["actions"]):
            for pattern, demand in ACTIONS.items():
                if found := re.fullmatch(pattern, action, re.IGNORECASE):
                    yield from demand(match["table"], **found.groupdict())
                    break


def new_labels(sql: str) -> dict[str, tuple[str, ...]]:
    """Return {name: labels as literals} of the enum type that the statement creates, or {}."""
    match = NEW_ENUM.fullmatch(normalized(sql))
    return {unquoted(match["name"]): tuple(split(match["labels"]))} if match else {}


def validated(sql: str) -> tuple[str, str] | None:
    """Return the table and the name of the constraint that the statement validates, or None."""
    match = VALIDATION.fullmatch(normalized(sql))
    return (match["table"], unquoted(match["name"])) if match else None


def _not_null(table: str, column: str) -> Iterator[Demand]:
    fault = f"{_column(table, column)} is NULL in {{rows}}"
    yield Demand(table, fault, f"{column} IS NULL", column=column)


def _type(table: str, column: str, new_type: str, using: str | None) -> Iterator[Demand]:
    casts = ("::text", f"::{new_type}", f"::text::{new_type}")
    # Another expression may convert a value that a cast refuses.
    if using in {None, *(f"{column}{cast}" for cast in casts)}:
        fault = f"{_column(table, column)} has values that do not fit type {new_type} in {{rows}}"
        yield Demand(table, fault, shown=column, column=column, new_type=new_type)


def _new_column(table: str, column: str, rest: str) -> Iterator[Demand]:
    words = re.sub(TOKEN, lambda match: match[0] if len(match[0]) == 1 else "''", rest)
    has_default = re.search(r"\b(?:DEFAULT|GENERATED|(?:small|big)?serial)\b", words, re.IGNORECASE)
    if not has_default and re.search(r"\bNOT NULL\b|\bPRIMARY KEY\b", words, re.IGNORECASE):
        yield Demand(table, f"new {_column(table, column)} would be NULL in {{rows}}")
    if re.search(rf"\bDEFAULT {CONSTANT}", words, re.IGNORECASE) and re.search(
        r"\bUNIQUE\b|\bPRIMARY KEY\b", words, re.IGNORECASE
    ):
        new = f"new {_column(table, column)}"
        fault = f"{new} must be unique, and {{rows}} would have the same value"
        yield Demand(table, fault, f"EXISTS (SELECT FROM {table} OFFSET 1)")


def _check(table: str, name: str, rest: str) -> Iterator[Demand]:
    condition, _ = _parenthesized(rest)
    fault = f"check {unquoted(name)} of table {_shown(table)} is violated in {{rows}}"
    yield Demand(table, fault, f"NOT ({condition})")


def _unique(table: str, rest: str) -> Iterator[Demand]:
    inside, after = _parenthesized(rest)
    keys = [ORDER.sub("", key) for key in split(inside)]
    has_nulls = re.search("NULLS NOT DISTINCT", rest, re.IGNORECASE)
    conditions = [] if has_nulls else [f"{key} IS NOT NULL" for key in keys]
    if where := re.search(r"\bWHERE (.*)", after, re.IGNORECASE):
        conditions.append(where[1])
    what = f"{', '.join(keys)} of table {_shown(table)}"
    if all(re.fullmatch(NAME, key) for key in keys):
        names = ", ".join(f"{_shown(table)}.{unquoted(key)}" for key in keys)
        what = f"column{'s' if len(keys) > 1 else ''} {names}"
    fault = f"{what} must be unique, but {{rows}} have duplicate values"
    yield Demand(table, fault, " AND ".join(conditions), ", ".join(keys), shown=", ".join(keys))


def _foreign_key(table: str, column: str, other: str, target: str) -> Iterator[Demand]:
    fault = f"{_column(table, column)} refers to no row of table {_shown(other)} in {{rows}}"
    condition = (
        f"{column} IS NOT NULL AND NOT EXISTS (SELECT FROM {other} AS other"
        f" WHERE other.{target} = {table}.{column})"
    )
    yield Demand(table, fault, condition, shown=column, column=column, other_table=other)


def _exclusion(table: str, name: str, rest: str) -> Iterator[Demand]:
    inside, after = _parenthesized(rest)
    pairs = [item.rpartition(" WITH ") for item in split(inside)]
    if "WHERE" in after.upper() or not all(re.fullmatch(NAME, key) for key, _, _ in pairs):
        return
    same = " AND ".join(f"other.{key} {operator} {table}.{key}" for key, _, operator in pairs)
    fault = f"constraint {unquoted(name)} of table {_shown(table)} is violated in {{rows}}"
    other = f"SELECT FROM {table} AS other WHERE other.ctid <> {table}.ctid"
    condition = f"EXISTS ({other} AND {same})"
    yield Demand(table, fault, condition)


COLUMN = rf"(?P<column>{NAME})"
ADD_CONSTRAINT = rf"ADD CONSTRAINT (?P<name>{NAME})"
VALID = r"(?!.* NOT (?:VALID|ENFORCED)$)"
ACTIONS: dict[str, Callable[..., Iterator[Demand]]] = {
    rf"ALTER (?:COLUMN )?{COLUMN} SET NOT NULL": _not_null,
    rf"ALTER (?:COLUMN )?{COLUMN} (?:SET DATA )?TYPE (?P<new_type>.*?)(?: COLLATE {NAME})?"
    r"(?: USING (?P<using>.*))?": _type,
    rf"ADD COLUMN (?:IF NOT EXISTS )?{COLUMN} (?P<rest>.*)": _new_column,
    rf"{ADD_CONSTRAINT} CHECK {VALID}(?P<rest>\(.*)": _check,
    rf"ADD CONSTRAINT {NAME} (?:UNIQUE|PRIMARY KEY) (?P<rest>.*\(.*)": _unique,
    rf"ADD CONSTRAINT {NAME} FOREIGN KEY {VALID}\({COLUMN}\)"
    rf" REFERENCES (?P<other>{QUALIFIED}) \((?P<target>{NAME})\).*": _foreign_key,
    rf"{ADD_CONSTRAINT} EXCLUDE (?:USING \w+ )?(?P<rest>\(.*)": _exclusion,
}
"""The functions that yield the demands of an action of ALTER TABLE, by pattern of the action."""


def _parenthesized(text: str) -> tuple[str, str]:
    """Return the text inside the first parentheses, and the text after them."""
    inside, depth = "", 0
    tokens = iter(TOKEN.findall(text))
    for piece in tokens:
        depth += (piece == "(") - (piece == ")")
        if inside and not depth:
            break
        inside += piece if depth else ""
    return inside[1:], "".join(tokens)


def _column(table: str, column: str) -> str:
    return f"column {_shown(table)}.{unquoted(column)}"


def _shown(name: str) -> str:
    """Return a name without quotes, but with its schema if it has one."""
    return ".".join(map(unquoted, re.findall(NAME, name)))
