"""Positions of rows below their parent, such as the order of modules in a course.

A position is declared as a deferrable unique constraint on the parent and the number of a row. All
rows of a form are checked together.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeGuard

from django.db import connections, models, router
from django.db.models import Max, UniqueConstraint
from django.forms import BaseInlineFormSet
from django.utils.text import capfirst

from config.admin.bounds import QuerySet
from config.admin.paths import field_at, select_names
from config.postgres import execute


def is_position(constraint: models.BaseConstraint) -> TypeGuard[UniqueConstraint]:
    """Return whether rows may violate `constraint` until the end of a transaction."""
    return isinstance(constraint, UniqueConstraint) and constraint.deferrable is not None


def positions(model: type[models.Model]) -> list[UniqueConstraint]:
    """Return the constraints on positions of `model`."""
    return [constraint for constraint in model._meta.constraints if is_position(constraint)]


@contextmanager
def deferred(model: type[models.Model]) -> Iterator[None]:
    """Let rows of `model` swap positions in the block. Check the positions at its end."""
    connection = connections[router.db_for_write(model)]
    names = ", ".join(connection.ops.quote_name(position.name) for position in positions(model))
    if not names:
        yield
        return
    execute(connection, f"SET CONSTRAINTS {names} DEFERRED")
    yield
    execute(connection, f"SET CONSTRAINTS {names} IMMEDIATE")


def why_taken(position: UniqueConstraint, row: models.Model) -> str:
    """Return the message that another row of the database has the position of `row`."""
    parent, number = position.fields
    others = _children_of(getattr(row, parent), row, parent).exclude(pk=row.pk)
    other = select_names(others.filter(**{number: getattr(row, number)})).first()
    title = field_at(type(row), parent).verbose_name
    return (
        f"{_taken(row, number, str(other), _last(others, number))} "
        f"To swap the two, change both in the form of the {title}."
    )


class PositionFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """The forms of the rows of one parent. The rows may swap positions."""

    model: Any
    _should_delete_form: Any

    def clean(self) -> None:
        for position in positions(self.model):
            self._check(position)
        super().clean()

    def save(self, commit: bool = True) -> Any:
        with deferred(self.model):
            return super().save(commit)

    def _check(self, position: UniqueConstraint) -> None:
        """Add an error to each changed row whose position is taken, even on another page."""
        parent, number = position.fields
        rows: defaultdict[int, list[models.Model]] = defaultdict(list)
        kept = [form for form in self.forms if self._keeps(form, number)]
        for form in kept:
            rows[getattr(form.instance, number)].append(form.instance)
        changed = [form for form in kept if number in form.changed_data]
        for row in self._elsewhere(number, [getattr(f.instance, number) for f in changed]):
            rows[getattr(row, number)].append(row)
        for form in changed:
            same = rows[getattr(form.instance, number)]
            if others := [row for row in same if row is not form.instance]:
                siblings = _children_of(self.instance, form.instance, parent)
                last = max(_last(siblings, number), *rows)
                form.add_error(number, _taken(form.instance, number, _own_name(others[0]), last))

    def _keeps(self, form: Any, number: str) -> bool:
        """Return whether the row of `form` will be in the table, with a valid number."""
        deleted = self.can_delete and self._should_delete_form(form)
        empty = form.instance._state.adding and not form.has_changed()
        return not deleted and not empty and number not in form.errors

    def _elsewhere(self, number: str, numbers: list[int]) -> Iterable[models.Model]:
        """Return the rows of this parent with one of `numbers` that are not in this form."""
        if not numbers or self.instance._state.adding:
            return []
        here = [form.instance.pk for form in self.initial_forms]
        taken = {self.fk.name: self.instance, f"{number}__in": numbers}
        return select_names(self.model._base_manager.filter(**taken).exclude(pk__in=here))


def _taken(row: models.Model, number: str, other: str, last: int) -> str:
    title = capfirst(field_at(type(row), number).verbose_name)
    taken = f"{title} {getattr(row, number)} belongs to “{other}”."
    return f"{taken} Choose another, such as {last + 1}."


def _own_name(row: Any) -> str:
    """Return the name of `row` without its parent's name, because a new parent has no name."""
    return str(row.get_inline_title() if hasattr(row, "get_inline_title") else row)


def _children_of(parent: models.Model, row: models.Model, path: str) -> QuerySet:
    rows = type(row)._base_manager
    return rows.none() if parent._state.adding else rows.filter(**{path: parent})


def _last(rows: QuerySet, number: str) -> int:
    return rows.aggregate(last=Max(number))["last"] or 0
