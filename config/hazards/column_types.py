"""Changes of a column's type for which PostgreSQL only updates its catalog."""

import re
from typing import NamedTuple

from config.hazards.operation_sql import OperationSQL
from config.postgres import is_in_expressions


class TypeName(NamedTuple):
    """The parts of a type's name, such as numeric(8, 2)."""

    base: str
    size: int | None
    scale: int


def reads_rows(operation: OperationSQL) -> bool:
    """Return whether an AlterField makes PostgreSQL read or rewrite rows or indexes."""
    before, after = (
        field.db_parameters(operation.connection)
        for field in (operation.field_before, operation.field_after)
    )
    if before.get("collation") != after.get("collation"):
        return True
    if before["type"] == after["type"]:
        return False
    if not _is_wider(before["type"] or "", after["type"] or ""):
        return True
    items = operation.constraints_and_indexes
    return any(is_in_expressions(operation.field_before, item) for item in items)


def _is_wider(before: str, after: str) -> bool:
    """Return whether each value of type `before` is stored the same way in type `after`."""
    old, new = _parsed(before), _parsed(after)
    if old is None or new is None:
        return before == after
    if {old.base, new.base} <= {"varchar", "text"}:
        return new.size is None or (old.size is not None and old.size <= new.size)
    if old.base == new.base == "numeric":
        return new.size is None or (
            old.size is not None and old.size <= new.size and old.scale == new.scale
        )
    return before == after


def _parsed(name: str) -> TypeName | None:
    match = re.fullmatch(r"(\w+)(?:\((\d+)(?:, ?(\d+))?\))?", name)
    if not match:
        return None
    return TypeName(match[1], int(match[2]) if match[2] else None, int(match[3] or 0))
