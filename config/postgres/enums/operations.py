"""Migration operations on enum types.

The operations contain labels as strings, so that they run even if the enum class no longer exists.
"""

import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState

from config.postgres.enums.enum_operation import EnumOperation
from config.postgres.enums.state import change_enum_in_state


@dataclass(frozen=True)
class Lookahead:
    """The operations of a running plan that run differently because of later operations."""

    followed: frozenset[Operation] = frozenset()
    """Additions of labels that later operations of the same transaction may use."""
    dropped: frozenset[Operation] = frozenset()
    """Operations on types that the plan drops later. Undoing these operations removes no label."""


LOOKAHEAD: ContextVar[Lookahead] = ContextVar("LOOKAHEAD", default=Lookahead())  # noqa: B039  it is frozen
"""The lookahead of the running plan, which lookahead.running() sets."""


class EnumTypeOperation(EnumOperation):
    """An operation that creates or drops a type, with all `labels` of the type in order."""

    def __init__(self, name: str, labels: Sequence[str]) -> None:
        super().__init__(name)
        self.labels = list(labels)


class CreateEnum(EnumTypeOperation):
    """CREATE TYPE ... AS ENUM."""

    category = OperationCategory.ADDITION
    name_before = ""

    def forwards(self, editor: Any) -> None:
        editor.create_enum(self.name, self.labels)

    def backwards(self, editor: Any) -> None:
        editor.drop_enum(self.name)

    def describe(self) -> str:
        return f"Create enum type {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return self.name

    def references_model(self, name: str, app_label: str) -> bool:
        return False

    def reduce(self, operation: Operation, app_label: str) -> list[Operation] | bool:
        if isinstance(operation, DropEnum) and operation.name == self.name:
            return []
        return super().reduce(operation, app_label)


class DropEnum(EnumTypeOperation):
    """DROP TYPE, which PostgreSQL refuses while a column uses the type."""

    category = OperationCategory.REMOVAL
    name_after = ""

    def forwards(self, editor: Any) -> None:
        editor.drop_enum(self.name)

    def backwards(self, editor: Any) -> None:
        editor.create_enum(self.name, self.labels)

    def describe(self) -> str:
        return f"Drop enum type {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"drop_{self.name}"


class RenameEnum(EnumOperation):
    """ALTER TYPE ... RENAME TO. No row changes."""

    def __init__(self, old_name: str, new_name: str) -> None:
        super().__init__(new_name)
        self.old_name, self.new_name = old_name, new_name

    @property
    def name_before(self) -> str:
        return self.old_name

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        change_enum_in_state(state, self.old_name, new_name=self.new_name)

    def forwards(self, editor: Any) -> None:
        editor.rename_enum(self.old_name, self.new_name)

    def backwards(self, editor: Any) -> None:
        editor.rename_enum(self.new_name, self.old_name)

    def describe(self) -> str:
        return f"Rename enum type {self.old_name} to {self.new_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"rename_{self.old_name}_{self.new_name}"


class AddEnumValue(EnumOperation):
    """ALTER TYPE ... ADD VALUE, at the end, or `before` or `after` another label.

    PostgreSQL does not allow a transaction to use a label that the transaction has added. So
    makemigrations puts additions into a separate migration. If operations on models or rows follow
    in the same transaction, a new type replaces the old type, and its tables are rewritten.

    Undoing the operation removes the label. This is refused while a row uses the label.
    """

    category = OperationCategory.ADDITION

    def __init__(
        self, name: str, label: str, before: str | None = None, after: str | None = None
    ) -> None:
        if before is not None and after is not None:
            raise ValueError(f"Label {label!r} cannot have both `before` and `after`. Remove one.")
        super().__init__(name)
        self.label, self.before, self.after = label, before, after

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        change_enum_in_state(state, self.name, self.with_label)

    def with_label(self, labels: Sequence[str]) -> list[str]:
        """Return `labels` with the new label. Raise CommandError if its neighbour is missing."""
        others = [label for label in labels if label != self.label]
        neighbour = self.before if self.after is None else self.after
        if neighbour is None:
            return [*others, self.label]
        if neighbour not in others:
            raise CommandError(
                f"Cannot add label {self.label!r} to enum type {self.name!r} next to "
                f"{neighbour!r}: the type has only the labels {', '.join(labels)}. Correct the "
                "migration."
            )
        place = others.index(neighbour) + (self.before is None)
        return [*others[:place], self.label, *others[place:]]

    def with_new_label(self, labels: Sequence[str]) -> list[str]:
        """Return `labels` with the new label. Raise CommandError if the type already has it."""
        if self.label in labels:
            raise self.conflict("the type has the label already")
        return self.with_label(labels)

    def without_label(self, labels: Sequence[str]) -> list[str]:
        return [label for label in labels if label != self.label]

    def forwards(self, editor: Any) -> None:
        if self in LOOKAHEAD.get().followed:
            editor.change_enum_labels(self.name, self.with_new_label)
        else:
            editor.add_enum_value(self.name, self.label, self.before, self.after)

    def backwards(self, editor: Any) -> None:
        if self not in LOOKAHEAD.get().dropped:
            editor.change_enum_labels(self.name, self.without_label)

    def describe(self) -> str:
        return f"Add label {self.label!r} to enum type {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.name}_{_identifier(self.label)}"


class RenameEnumValue(EnumOperation):
    """ALTER TYPE ... RENAME VALUE, which also applies to rows, defaults and conditions."""

    def __init__(self, name: str, old: str, new: str) -> None:
        super().__init__(name)
        self.old, self.new = old, new

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        names = {self.old: self.new}
        change_enum_in_state(
            state,
            self.name,
            lambda labels: [names.get(label, label) for label in labels],
            renamed=names,
        )

    def forwards(self, editor: Any) -> None:
        editor.rename_enum_value(self.name, self.old, self.new)

    def backwards(self, editor: Any) -> None:
        editor.rename_enum_value(self.name, self.new, self.old)

    def describe(self) -> str:
        return f"Rename label {self.old!r} of enum type {self.name} to {self.new!r}"

    @property
    def migration_name_fragment(self) -> str:
        return f"rename_{self.name}_{_identifier(self.old)}_{_identifier(self.new)}"


class AlterEnum(EnumOperation):
    """Removal or reordering of labels: `old_labels` become `labels`.

    A new type replaces the old type in every column and every dependent object, and the tables are
    rewritten. The operation is refused while a row uses a removed label, unless `replace` maps the
    label to another label: {"old": "new"}. Undoing the operation restores the labels, but not the
    replaced values, because they are not recorded.
    """

    def __init__(
        self,
        name: str,
        labels: Sequence[str],
        old_labels: Sequence[str],
        replace: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(name)
        self.labels, self.old_labels = list(labels), list(old_labels)
        self.replace = dict(replace or {})
        if set(self.replace) & set(labels) or not set(self.replace.values()) <= set(labels):
            raise ValueError("`replace` must map removed labels to labels that stay.")

    @property
    def removed(self) -> list[str]:
        return [label for label in self.old_labels if label not in self.labels]

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        change_enum_in_state(state, self.name, self.altered, renamed=self.replace)

    def forwards(self, editor: Any) -> None:
        change = self.altered if editor.collect_sql else self.altered_once
        editor.change_enum_labels(self.name, change, self.replace, CAN_REPLACE)

    def backwards(self, editor: Any) -> None:
        editor.change_enum_labels(self.name, self.restored)

    def altered(self, labels: Sequence[str]) -> list[str]:
        return _apply_change(labels, self.old_labels, self.labels)

    def altered_once(self, labels: Sequence[str]) -> list[str]:
        """Return the altered labels. Raise CommandError if the change does not fit `labels`."""
        missing = [label for label in self.removed if label not in labels]
        if missing:
            raise self.conflict(f"the type has no label {', '.join(map(repr, missing))}")
        if list(labels) == self.labels:
            raise self.conflict("its labels are in this order already")
        return self.altered(labels)

    def restored(self, labels: Sequence[str]) -> list[str]:
        removed = () if self in LOOKAHEAD.get().dropped else self.labels
        return _apply_change(labels, removed, self.old_labels)

    def describe(self) -> str:
        removed = ", ".join(map(repr, self.removed))
        change = f"remove {removed}" if removed else "reorder its labels"
        if self.replace:
            pairs = ", ".join(f"{old!r} by {new!r}" for old, new in self.replace.items())
            change += f", permanently replacing {pairs} in rows"
        return f"Alter enum type {self.name}: {change}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name}"


CAN_REPLACE = " Or let the migration replace the label: AlterEnum(..., replace={'old': 'new'})."


def _apply_change(labels: Sequence[str], old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Return `labels` after the change from `old` to `new`.

    Other labels stay, because another branch may have added or renamed them.
    """
    wanted = [label for label in new if label in labels or label not in old]
    return [*wanted, *(label for label in labels if label not in (*old, *new))]


def _identifier(label: str) -> str:
    """Return the label as a part of the name of a migration."""
    return re.sub(r"\W+", "_", label).strip("_").lower()
