"""The operations that change a list of labels, and the questions about renamed labels and types.

A renamed label looks like a removed label and an added label. So makemigrations asks the developer,
as Django does for fields and models.
"""

from collections.abc import Mapping, Sequence

from django.db.migrations.questioner import (
    InteractiveMigrationQuestioner,
    MigrationQuestioner,
    NonInteractiveMigrationQuestioner,
)

from config.postgres.enums.enum_operation import EnumOperation
from config.postgres.enums.operations import AddEnumValue, AlterEnum, RenameEnumValue


def label_operations(
    name: str, old: Sequence[str], new: Sequence[str], renamed: Mapping[str, str]
) -> list[EnumOperation]:
    """Return the additions, the renamings, and an AlterEnum if labels are removed or reordered.

    Additions come first, so they name their neighbours as before the renamings. `renamed` maps old
    names of labels to new names.
    """
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
    """Return an operation for each added label, which puts the label into its place in `new`."""
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
    """Ask which labels were renamed, and return their new names by their old names."""
    removed = [label for label in old if label not in new]
    added = [label for label in new if label not in old]
    renamed: dict[str, str] = {}
    for old_label in removed:
        previous = _previous_common_label(old_label, old, new)
        # A renamed label usually keeps its place, so ask about a new label in the same place first.
        for label in sorted(
            added, key=lambda label: _previous_common_label(label, new, old) != previous
        ):
            if _ask(
                questioner,
                "ask_rename_label",
                f"Was label {old_label!r} of enum type {name} renamed to {label!r}? [y/N]",
                f"Enum type {name}: assumed that label {old_label!r} was removed, and not renamed "
                f"to {label!r}.",
                assumed=False,
            ):
                renamed[old_label] = label
                added.remove(label)
                break
    return renamed


def _previous_common_label(label: str, labels: Sequence[str], others: Sequence[str]) -> str | None:
    """Return the last label before `label` that is also in `others`, or None."""
    before = [item for item in labels[: labels.index(label)] if item in others]
    return before[-1] if before else None


def ask_renamed_type(
    questioner: MigrationQuestioner, old: str, new: str, same_labels: bool
) -> bool:
    """Ask whether the type was renamed.

    With --noinput, assume a renaming if the labels are the same, because it loses no data.
    """
    assumed, labels = ("was", "the same") if same_labels else ("was not", "other")
    return _ask(
        questioner,
        "ask_rename_enum",
        f"Was enum type {old} renamed to {new}? [y/N]",
        f"Enum type {old}: assumed that it {assumed} renamed to {new}, which has {labels} labels.",
        assumed=same_labels,
    )


def _ask(
    questioner: MigrationQuestioner, key: str, question: str, assumption: str, *, assumed: bool
) -> bool:
    """Return the developer's answer. With --noinput, log `assumption` and return `assumed`."""
    if isinstance(questioner, InteractiveMigrationQuestioner):
        return bool(questioner._boolean_input(question, False))
    if isinstance(questioner, NonInteractiveMigrationQuestioner):
        if questioner.verbosity > 0 and questioner.log:
            questioner.log(f"{assumption} To be asked, run makemigrations without --noinput.")
        return assumed
    return bool(questioner.defaults.get(key, False))
