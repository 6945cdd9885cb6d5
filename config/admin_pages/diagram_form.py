"""The choices above the diagram, as parameters of the page's address."""

from typing import Any

from django import forms

from config.admin_pages.diagram import Detail
from config.schema_docs import domain_apps

NO_DOMAIN = "There is no domain “%(value)s”, so the diagram shows all domains."
NO_DETAIL = "There is no detail “%(value)s”. Choose names, keys or columns."


class DiagramForm(forms.Form):
    """The choice of a domain, and of the columns that the diagram shows."""

    domain = forms.ChoiceField(
        choices=lambda: [(app.label, app.verbose_name) for app in domain_apps()],
        required=False,
        error_messages={"invalid_choice": NO_DOMAIN},
    )
    show = forms.ChoiceField(
        choices=Detail.choices, required=False, error_messages={"invalid_choice": NO_DETAIL}
    )

    def clean(self) -> dict[str, Any]:
        for name in sorted(self.data.keys() - self.fields.keys()):
            self.add_error(None, f"The page has no parameter “{name}”, so it is ignored.")
        return self.cleaned_data

    @property
    def label(self) -> str:
        """The label of the chosen domain; empty for all domains."""
        return str(self.cleaned_data.get("domain", ""))

    @property
    def detail(self) -> Detail:
        """The chosen detail. One domain has room for all columns."""
        return Detail(
            self.cleaned_data.get("show") or (Detail.COLUMNS if self.label else Detail.KEYS)
        )
