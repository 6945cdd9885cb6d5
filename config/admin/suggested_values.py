"""Inputs that offer a list of texts for a column that may also hold other texts."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminSelect2Widget

NOT_OFFERED = "“%(value)s” is not in the list. Choose a value from the list."
UNKNOWN = "“{}” is not in the list. It stays until another value is chosen."


class OfferField(forms.ChoiceField):
    """A select box with a search. It keeps a stored value that is not in the list."""

    widget = UnfoldAdminSelect2Widget

    def __init__(self, *, offers: Mapping[str, str], max_length: int, **options: Any) -> None:
        errors = {"invalid_choice": NOT_OFFERED}
        super().__init__(choices=offers.items(), error_messages=errors, **options)
        self.offers = offers

    def get_bound_field(self, form: Any, field_name: str) -> forms.BoundField:
        """Add the value of the row to the choices."""
        stored = form.get_initial_for_field(self, field_name)
        if stored and stored not in self.offers:
            self.choices = [*self.offers.items(), (stored, f"{stored} (unknown)")]
            self.help_text = format_html(UNKNOWN, stored)
        return super().get_bound_field(form, field_name)
