"""The forms of an inline, which find their rows by key and report deleted rows."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.forms.formsets import DELETION_FIELD_NAME, INITIAL_FORM_COUNT, TOTAL_FORM_COUNT
from django.http import QueryDict
from unfold.forms import PaginationInlineFormSet

from config.admin.bounds import Count
from config.admin.confirmation import INPUT, differences, signed_counts
from config.admin.deletion import Deletion
from config.admin.positions import PositionFormSet
from config.admin.shown_values import ShownPage, shown_page, shown_row, values_of

GONE = "The {noun} “{caption}” was deleted or moved while this form was open."
CHANGED = (
    "The {noun} “{caption}” was changed while this form was open, so nothing was deleted or saved. "
    "Save again to delete it as it is now."
)
CASCADES = (
    "Nothing was deleted or saved, because deleting the marked {nouns} would also {effects}. "
    "Save again to do so."
)
KEPT = "What you typed is here as a new {noun}. Save again to add the {noun}, or remove it."


class InlineFormSet(PositionFormSet, PaginationInlineFormSet):
    """One page of rows. An invalid page number in the address opens the first page.

    Each form finds its row by key, because other sessions may add, move or delete rows. A row that
    was deleted or moved to another parent is gone. Its form is left out or, if it was edited,
    becomes the form of a new row.
    """

    model: type[models.Model]
    form: Any
    queryset: Any
    data: Any
    prefix: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.notes: list[str] = []
        """The messages about rows that are gone and whose forms were not edited."""
        self.refusals: list[str] = []
        """The messages for the edited forms whose rows are gone. These forms come last."""
        self.counted = ""
        """The value of the hidden input that confirms deletions on the next attempt."""
        self._shown: ShownPage = {}
        if self.is_bound and not self.save_as_new:
            self._shown = shown_page(self.data)
            self._find_rows()

    def _find_rows(self) -> None:
        """Lock the rows of the forms. Report rows that are gone, and renumber the forms."""
        existing = range(min(self.initial_form_count(), self.total_form_count()))
        keys = [self._key(index) for index in existing]
        rows = self._locked([key for key in keys if key])
        found = [index for index in existing if keys[index] in rows]
        self._queryset = [rows[keys[index]] for index in found]
        if len(found) < len(keys):
            gone = [index for index in existing if index not in found]
            changed = [index for index in gone if self._report_gone(index, keys[index])]
            added = range(len(keys), self.total_form_count())
            self._renumber([*found, *added, *changed], len(found))

    def _key(self, index: int) -> Any:
        """Return the key in the form number `index`, or None if the text cannot be a key."""
        key = self.model._meta.pk
        try:
            return key.to_python(self.data.get(f"{self.add_prefix(index)}-{key.name}"))
        except ValidationError:
            return None

    def _locked(self, keys: list[Any]) -> dict[Any, models.Model]:
        """Return the rows by key, locked in the order of keys to avoid deadlocks."""
        rows = self.queryset.filter(pk__in=keys).order_by("pk")
        return {row.pk: row for row in rows.select_for_update(of=("self",), no_key=True)}

    def _report_gone(self, index: int, key: Any) -> bool:
        """Add a message about the row `key`, which is gone. Return whether the form was edited."""
        row = shown_row(self._shown, self.model(pk=key))
        values = values_of(self.model, row.texts)
        form = self.form(self.data, prefix=self.add_prefix(index), initial=values)
        deleted = f"{self.add_prefix(index)}-{DELETION_FIELD_NAME}" in self.data
        changed = not deleted and form.has_changed()
        names = {"noun": self.model._meta.verbose_name, "caption": row.caption or f"#{index + 1}"}
        gone = GONE.format(**names)
        if changed:
            self.refusals.append(f"{gone} {KEPT.format(**names)}")
        else:
            self.notes.append(gone)
        return changed

    def _renumber(self, order: list[int], existing: int) -> None:
        """Keep only the forms in `order`. The first `existing` of these forms have rows."""
        pattern = re.compile(rf"{re.escape(self.prefix)}-([0-9]{{1,9}})-(.+)")
        numbers = {str(old): new for new, old in enumerate(order)}
        data = QueryDict(mutable=True)
        for name, values in self.data.lists():
            if not (match := pattern.fullmatch(name)):
                data.setlist(name, values)
            elif (new := numbers.get(match[1])) is not None:
                # The form of a new row has no key.
                is_key = match[2] == self.model._meta.pk.name
                if new < existing or not is_key:
                    data.setlist(f"{self.add_prefix(new)}-{match[2]}", values)
        data[f"{self.prefix}-{INITIAL_FORM_COUNT}"] = str(existing)
        data[f"{self.prefix}-{TOTAL_FORM_COUNT}"] = str(len(order))
        self.data = data
        del self.management_form

    def clean(self) -> None:
        """Refuse to save edits of rows that are gone. The next attempt saves them as new rows."""
        try:
            super().clean()
            self._ask_before_deletion()
        finally:
            last = self.forms[len(self.forms) - len(self.refusals) :]
            for form, refusal in zip(last, self.refusals, strict=True):
                form.add_error(None, refusal)

    def _ask_before_deletion(self) -> None:
        """Raise ValidationError if a row to delete has changed, or if effects are not confirmed."""
        noun, forms = self.model._meta.verbose_name, self.initial_forms
        deleted: list[Any] = [form for form in forms if self._should_delete_form(form)]
        changed = [form.row for form in deleted if form.changed_elsewhere]
        refusals = [CHANGED.format(noun=noun, caption=row) for row in changed]
        refusals += self._unconfirmed(Deletion(self.model, [form.row.pk for form in deleted]))
        if refusals:
            raise ValidationError(refusals)

    def _unconfirmed(self, deletion: Deletion) -> list[str]:
        """Return an error if the deletion affects rows that the user has not confirmed."""
        confirmed = self.data.get(self.name_of_counted, "")
        if not deletion.keys or not differences(deletion, confirmed):
            return []
        self.counted = signed_counts(deletion)
        nouns = self.model._meta.verbose_name_plural
        return [CASCADES.format(nouns=nouns, effects=" and ".join(_effects(deletion)))]

    @property
    def name_of_counted(self) -> str:
        return f"{self.prefix}-{INPUT}"

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return super().get_form_kwargs(index) | {"shown": self._shown}

    def save_existing(self, form: Any, obj: Any, commit: bool = True) -> Any:
        """Write only the columns that were changed in the form."""
        form.save_changes()
        return form.instance

    def get_page_num(self) -> int:
        request: Any = self.request
        key = self.get_pagination_key()
        page = request.GET.get(key) or request.POST.get(key) or ""
        # Unfold's own method fails for digits such as ² and for very long numbers.
        return int(page) if page.isdecimal() and len(page) < 10 and int(page) else 1


def _effects(deletion: Deletion) -> Iterator[str]:
    """Yield the effects of `deletion` on rows that are not marked for deletion."""
    marked = Count(len(deletion.keys))
    lost = [
        found
        for found in deletion.deleted
        if (found.model, found.count) != (deletion.model, marked)
    ]
    if lost:
        yield "delete " + ", ".join(f"{found} {found.noun}" for found in lost)
    if deletion.kept:
        links = [f"{found} {found.noun} without {found.field_title}" for found in deletion.kept]
        yield "leave " + ", ".join(links)
