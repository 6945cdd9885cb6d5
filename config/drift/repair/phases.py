"""The statements of a repair script, and the phases that order them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Any

from config.drift.other_schemas import SEPARATOR
from config.postgres.catalog import Attributes, Catalog, Key, literal, quote


class Phase(IntEnum):
    """The phases of a repair script, in the order in which PostgreSQL accepts their statements."""

    EXTENSIONS = auto()
    DROP_VIEWS = auto()
    RENAME = auto()
    LEAVE_PARENTS = auto()
    DROP_FOREIGN_KEYS = auto()
    TAKE_BACK = auto()  # undistribute tables of a Citus cluster
    DROP_PARTS = auto()
    TYPES = auto()
    TABLES = auto()
    COLUMNS = auto()
    GENERATED_COLUMNS = auto()
    DEFAULTS = auto()
    IDENTITIES = auto()
    MOVE = auto()  # change the distribution column or the colocation
    KEYS = auto()
    CHECKS = auto()
    PLACEMENT = auto()  # distribute tables
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
    """A statement of a repair script, with its position."""

    phase: Phase
    sql: str
    destructive: bool = False
    rank: int = 0
    """The position within the phase."""


CONSTRAINT_PHASES = {
    "primary key": Phase.KEYS,
    "unique constraint": Phase.KEYS,
    "exclusion constraint": Phase.KEYS,
    "check": Phase.CHECKS,
    "foreign key": Phase.FOREIGN_KEYS,
}


def ordered(statements: Iterable[Statement]) -> list[Statement]:
    """Return the statements without duplicates, in the order in which PostgreSQL accepts them."""
    return sorted(dict.fromkeys(statements), key=lambda item: (item.phase, item.rank))


def alter_table(phase: Phase, key: Key, action: str, destructive: bool = False) -> Statement:
    """Return an ALTER TABLE statement for the table of `key`, or for `key` if it is a table."""
    return Statement(
        phase, f"ALTER TABLE {quoted_table(key.table or key.name)} {action};", destructive
    )


def alter_column(phase: Phase, key: Key, action: str) -> Statement:
    """Return an ALTER TABLE with an action for one column."""
    return alter_table(phase, key, f"ALTER COLUMN {quote(key.name)} {action}")


def kind_and_name(key: Key, found: Attributes | None = None) -> str:
    """Return the object's kind and quoted name, as in DROP. Prefer the kind in `found`, if any."""
    kind = str((found or {}).get("kind", key.kind)).upper().removeprefix("PARTITIONED ")
    return f"{'TYPE' if key.kind.endswith(' type') else kind} {qualified_name(key)}"


def quoted_table(name: str) -> str:
    """Return the name of a table as SQL, with its schema if `name` contains one."""
    return ".".join(map(quote, name.split(SEPARATOR)))


def table_pattern(name: str) -> str:
    """Return a pattern for the table's name in a definition, where quotes are optional."""
    return r"\.".join(f'"?{re.escape(part)}"?' for part in name.split(SEPARATOR))


def qualified_name(key: Key) -> str:
    """Return an object's name as SQL, with the schema if the model of its table names a schema."""
    if key.kind == "table":
        return quoted_table(key.name)
    schema, separator, _ = key.table.partition(SEPARATOR)
    is_other = separator and key.kind not in ("trigger", "rule", "policy")
    return f"{quote(schema)}.{quote(key.name)}" if is_other else quote(key.name)


def serial_sequence(column: Key) -> str:
    """Return an expression for the name of an identity column's sequence in the live database."""
    return f"pg_get_serial_sequence({literal(quoted_table(column.table))}, {literal(column.name)})"


def is_on_cluster(table: str, live: Catalog) -> bool:
    """Return whether the table is distributed. Citus allows fewer changes of such a table."""
    return bool(live.get(Key("table", "", table), {}).get("placement"))


def as_list(value: Any) -> list[str]:
    """Return the value of a list attribute, or an empty list if it is not set."""
    return list(value or [])
