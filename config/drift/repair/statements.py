"""The statements of a repair script, and their order."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Any

from config.postgres.catalog import Attributes, Key, quote


class Step(IntEnum):
    """The order in which statements work."""

    EXTENSIONS = auto()
    DROP_VIEWS = auto()
    RENAME = auto()
    LEAVE_PARENTS = auto()
    DROP_FOREIGN_KEYS = auto()
    DROP_PARTS = auto()
    TYPES = auto()
    TABLES = auto()
    COLUMNS = auto()
    GENERATED_COLUMNS = auto()
    DEFAULTS = auto()
    IDENTITIES = auto()
    KEYS = auto()
    CHECKS = auto()
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
    """One statement of a repair script, and its place in it."""

    step: Step
    sql: str
    destructive: bool = False
    rank: int = 0
    """The place within the step."""


CONSTRAINTS = {
    "primary key": Step.KEYS,
    "unique constraint": Step.KEYS,
    "exclusion constraint": Step.KEYS,
    "check": Step.CHECKS,
    "foreign key": Step.FOREIGN_KEYS,
}


def ordered(statements: Iterable[Statement]) -> list[Statement]:
    """The statements in an order that works, each once."""
    return sorted(dict.fromkeys(statements), key=lambda item: (item.step, item.rank))


def alter(step: Step, key: Key, action: str, destructive: bool = False) -> Statement:
    return Statement(step, f"ALTER TABLE {quote(key.table or key.name)} {action};", destructive)


def keyword(key: Key, attributes: Attributes) -> str:
    if key.kind.endswith(" type"):
        return "TYPE"
    return str(attributes.get("kind", key.kind)).upper().removeprefix("PARTITIONED ")


def items(value: Any) -> list[str]:
    return list(value or [])
