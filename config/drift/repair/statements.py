"""The statements of a repair script, and their order."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Any

from config.drift.schemas import SEPARATOR
from config.postgres.catalog import Attributes, Catalog, Key, quote


class Phase(IntEnum):
    """The phases of a repair script, in the order in which their statements work."""

    EXTENSIONS = auto()
    DROP_VIEWS = auto()
    RENAME = auto()
    LEAVE_PARENTS = auto()
    DROP_FOREIGN_KEYS = auto()
    TAKE_BACK = auto()
    DROP_PARTS = auto()
    TYPES = auto()
    TABLES = auto()
    COLUMNS = auto()
    GENERATED_COLUMNS = auto()
    DEFAULTS = auto()
    IDENTITIES = auto()
    MOVE = auto()
    KEYS = auto()
    CHECKS = auto()
    PLACEMENT = auto()
    FOREIGN_KEYS = auto()
    INDEXES = auto()
    FINISH = auto()
    DROP_COLUMNS = auto()
    DROP_TABLES = auto()
    DROP_SEQUENCES = auto()
    DROP_OBJECTS = auto()
    DROP_FUNCTIONS = auto()
    DROP_TYPES = auto()


@dataclass(frozen=True)
class Statement:
    """A statement of a repair script, and its place in it."""

    phase: Phase
    sql: str
    destructive: bool = False
    rank: int = 0
    """The place within the phase."""


CONSTRAINT_PHASES = {
    "primary key": Phase.KEYS,
    "unique constraint": Phase.KEYS,
    "exclusion constraint": Phase.KEYS,
    "check": Phase.CHECKS,
    "foreign key": Phase.FOREIGN_KEYS,
}


def ordered(statements: Iterable[Statement]) -> list[Statement]:
    """Return the statements, each once, in an order that works."""
    return sorted(dict.fromkeys(statements), key=lambda item: (item.phase, item.rank))


def alter(phase: Phase, key: Key, action: str, destructive: bool = False) -> Statement:
    """Return an ALTER TABLE of the table, or of the table that the object is part of."""
    return Statement(phase, f"ALTER TABLE {relation(key.table or key.name)} {action};", destructive)


def alter_column(phase: Phase, key: Key, action: str) -> Statement:
    """Return an ALTER COLUMN of the column."""
    return alter(phase, key, f"ALTER COLUMN {quote(key.name)} {action}")


def named(key: Key, found: Attributes | None = None) -> str:
    """Return the keyword for the object's kind, which `found` may refine, and its quoted name."""
    kind = str((found or {}).get("kind", key.kind)).upper().removeprefix("PARTITIONED ")
    return f"{'TYPE' if key.kind.endswith(' type') else kind} {named_in_schema(key)}"


def relation(name: str) -> str:
    """Return the quoted name of a table, with its schema if `name` has one."""
    return ".".join(map(quote, name.split(SEPARATOR)))


def mention(name: str) -> str:
    """Return a pattern for a table in a definition, which quotes names only if needed."""
    return r"\.".join(f'"?{re.escape(part)}"?' for part in name.split(SEPARATOR))


def named_in_schema(key: Key) -> str:
    """Return the quoted name of an object; an index is in the schema of its table."""
    if key.kind == "table":
        return relation(key.name)
    schema, separator, _ = key.table.partition(SEPARATOR)
    is_other = separator and key.kind not in ("trigger", "rule", "policy")
    return f"{quote(schema)}.{quote(key.name)}" if is_other else quote(key.name)


def is_placed(table: str, live: Catalog) -> bool:
    """Return whether the table is on the servers of a cluster, which allows fewer changes."""
    return bool(live.get(Key("table", "", table), {}).get("placement"))


def items(value: Any) -> list[str]:
    """Return an attribute that holds a list, or an empty list if it is not set."""
    return list(value or [])
