"""The summary at the top of a form: its errors, and changes by other sessions."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.core.exceptions import NON_FIELD_ERRORS
from django.forms.formsets import DELETION_FIELD_NAME
from django.utils.text import capfirst

from config.admin.columns import in_words


class Problem(NamedTuple):
    """An error of a form: its field or row, the message, and the id of the input."""

    name: str
    message: str
    target: str = ""


class ConcurrentChange(NamedTuple):
    """A value that another session changed while the form was open."""

    name: str
    before: Any
    now: Any


def problems(form: Any, formsets: list[Any]) -> Iterator[Problem]:
    """Yield the errors of the page, without the main form's general errors: unfold shows those."""
    yield from _problems_of(form, "")
    for formset in formsets:
        plural = str(capfirst(formset.model._meta.verbose_name_plural))
        yield from (Problem(plural, str(message)) for message in formset.non_form_errors())
        for number, row in enumerate(formset.forms, 1):
            if not getattr(row, "cleaned_data", {}).get(DELETION_FIELD_NAME):
                yield from _problems_of(row, _caption(row, number))


def concurrent_changes(form: Any, formsets: list[Any]) -> Iterator[ConcurrentChange]:
    """Yield the changes by other sessions to columns that the user did not edit."""
    yield from _changes_of(form, "")
    for formset in formsets:
        for number, row in enumerate(formset.initial_forms, 1):
            yield from _changes_of(row, _caption(row, number))


def _problems_of(form: Any, caption: str) -> Iterator[Problem]:
    for name, messages in form.errors.items():
        if name == NON_FIELD_ERRORS:
            if caption:
                yield from (Problem(caption, message) for message in messages)
            continue
        bound = form[name]
        title = _title(caption, bound.label)
        yield from (Problem(title, message, bound.id_for_label) for message in messages)


def _changes_of(form: Any, caption: str) -> Iterator[ConcurrentChange]:
    for name in getattr(form, "changed_elsewhere", ()):
        if name in form.untouched:
            before, now = in_words(form.row_shown, name), in_words(form.row, name)
            yield ConcurrentChange(_title(caption, form[name].label), before, now)


def _caption(form: Any, number: int) -> str:
    """Return the name of a row of an inline as its heading shows it."""
    noun = capfirst(form.instance._meta.verbose_name)
    return f"{noun} “{form.row}”" if form.texts else f"{noun} #{number}"


def _title(caption: str, label: str) -> str:
    return ": ".join(part for part in (caption, str(capfirst(label))) if part)
