"""The records that an autocomplete input offers while the user types."""

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.http import HttpRequest, HttpResponse, JsonResponse

from config.admin.bounds import QuerySet
from config.admin.search import search_problem
from config.admin.url_parameters import contradictions, quoted

PARAMETERS = frozenset({"term", "page", "app_label", "model_name", "field_name"})


class AutocompleteView(AutocompleteJsonView):
    """The view of the records that `ModelAdmin.allowed` permits for a foreign key."""

    admin_site: Any
    source_field: Any

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the records, or the reason why a term is wrong. Refuse wrong parameters."""
        wrong = [
            f"There is no parameter {quoted(name)}." for name in request.GET.keys() - PARAMETERS
        ]
        wrong += [mistake.sentence for mistake in contradictions(request.GET, set())]
        if wrong:
            return HttpResponse("\n".join(wrong), status=400, content_type="text/plain")
        response = super().get(request, *args, **kwargs)
        if problem := search_problem(self.term):
            entry = {"id": "", "text": problem, "disabled": True}
            return JsonResponse({"results": [entry], "pagination": {"more": False}})
        return response

    def get_queryset(self) -> QuerySet:
        source = self.admin_site.get_model_admin(self.source_field.model)
        allowed = source.allowed.get(self.source_field.name)
        rows: QuerySet = super().get_queryset()
        return rows.filter(allowed.condition) if allowed else rows
