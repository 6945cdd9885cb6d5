"""Labels before and after -> the operations that lead from one to the other. Pure, but for asking.

What was renamed cannot be seen; as for fields and models, the developer is asked.
"""

from collections.abc import Mapping, Sequence
from functools import singledispatch

from django.db.migrations.questioner import (
    InteractiveMigrationQuestioner,
    MigrationQuestioner,
    NonInteractiveMigrationQuestioner,
)

from config.postgres.enums.operations import AddEnumValue, AlterEnum, EnumOperation, RenameEnumValue


def label_operations(
    name: str, old: Sequence[str], new: Sequence[str], renamed: Mapping[str, str]
) -> list[EnumOperation]:
    """First additions, under the old names of their neighbours, then renamings, then the rest."""
    additions = _additions(name, old, new, renamed)
    labels = list(old)
    for addition in additions:
        labels = addition.with_label(labels)
    labels = [renamed.get(label, label) for label in labels]
    renamings = [RenameEnumValue(name, *names) for names in renamed.items()]
    rest = [AlterEnum(name, new, labels)] if labels != list(new) else []
    return [*additions, *renamings, *rest]


def _additions(
    name: str, old: Sequence[str], new: Sequence[str], renamed: Mapping[str, str]
) -> list[AddEnumValue]:
    """Each label where it belongs: right after the one before it."""
    old_names = {label: old_label for old_label, label in renamed.items()}
    wanted, labels = [old_names.get(label, label) for label in new], list(old)
    additions = []
    for position, label in enumerate(wanted):
        if label in old:
            continue
        previous = wanted[position - 1] if position else None
        if not labels or previous == labels[-1]:
            addition = AddEnumValue(name, label)
        elif previous is None:
            addition = AddEnumValue(name, label, before=labels[0])
        else:
            addition = AddEnumValue(name, label, after=previous)
        labels = addition.with_label(labels)
        additions.append(addition)
    return additions


def ask_renamed_labels(
    questioner: MigrationQuestioner, name: str, old: Sequence[str], new: Sequence[str]
) -> dict[str, str]:
    """By the old label, the new one, for each that the developer says was renamed."""
    removed = [label for label in old if label not in new]
    added = [label for label in new if label not in old]
    renamed: dict[str, str] = {}
    for old_label in removed:
        place = _place(old_label, old, new)
        # A label that has been renamed is usually where it was.
        for label in sorted(added, key=lambda label: _place(label, new, old) != place):
            if ask_renamed_label(questioner, name, old_label, label):
                renamed[old_label] = label
                added.remove(label)
                break
    return renamed


def _place(label: str, labels: Sequence[str], others: Sequence[str]) -> str | None:
    """The last label before `label` that is among `others`, too."""
    before = [item for item in labels[: labels.index(label)] if item in others]
    return before[-1] if before else None


@singledispatch
def ask_renamed_label(questioner: MigrationQuestioner, name: str, old: str, new: str) -> bool:
    return bool(questioner.defaults.get("ask_rename_label", False))


@ask_renamed_label.register
def _(questioner: InteractiveMigrationQuestioner, name: str, old: str, new: str) -> bool:
    question = f"Was label {old!r} of enum type {name} renamed to {new!r}? [y/N]"
    return bool(questioner._boolean_input(question, False))


@ask_renamed_label.register
def _(questioner: NonInteractiveMigrationQuestioner, name: str, old: str, new: str) -> bool:
    _say(
        questioner,
        f"Enum type {name}: assumed that label {old!r} was removed and {new!r} added, not that one "
        "was renamed to the other. To be asked, run makemigrations without --noinput.",
    )
    return False


@singledispatch
def ask_renamed_type(
    questioner: MigrationQuestioner, old: str, new: str, same_labels: bool
) -> bool:
    return bool(questioner.defaults.get("ask_rename_enum", False))


@ask_renamed_type.register
def _(questioner: InteractiveMigrationQuestioner, old: str, new: str, same_labels: bool) -> bool:
    return bool(questioner._boolean_input(f"Was enum type {old} renamed to {new}? [y/N]", False))


@ask_renamed_type.register
def _(questioner: NonInteractiveMigrationQuestioner, old: str, new: str, same_labels: bool) -> bool:
    """Nothing can be lost by renaming a type to one that has the same labels."""
    assumed, labels = ("was", "the same") if same_labels else ("was not", "other")
    _say(
        questioner,
        f"Enum type {old}: assumed that it {assumed} renamed to {new}, which has {labels} labels. "
        "To be asked, run makemigrations without --noinput.",
    )
    return same_labels


def _say(questioner: NonInteractiveMigrationQuestioner, message: str) -> None:
    if questioner.verbosity > 0 and questioner.log:
        questioner.log(message)
