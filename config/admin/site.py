"""The admin site."""

from time import perf_counter
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.dataclasses import SearchResult
from unfold.sites import UnfoldAdminSite

from config.admin.autocomplete import AutocompleteView
from config.admin.palette import find_records
from config.admin.search import search_problem
from config.admin.throttle import throttled
from config.admin.url_parameters import quoted, warn_of_ignored


class AdminSite(UnfoldAdminSite):
    """Unfold's site with a limit on failed logins and another search palette."""

    index_title = "Dashboard"

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Return apps and models in the order of the schema, not alphabetically."""
        order = {model: position for position, model in enumerate(apps.get_models())}
        found = super().get_app_list(request, app_label)
        for app in found:
            app["models"].sort(key=lambda entry: order[entry["model"]])
        return sorted(found, key=lambda app: order[app["models"][0]["model"]])

    def app_index(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        warn_of_ignored(request)
        return super().app_index(request, *args, **kwargs)

    def login(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return throttled(super().login, request, *args, **kwargs)

    def password_change(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lock and reload the account, because Django's form saves every column of the row."""
        warn_of_ignored(request)
        with transaction.atomic():
            if request.method == "POST":
                account: Any = request.user
                accounts = get_user_model()._base_manager.select_for_update(no_key=True)
                account.refresh_from_db(from_queryset=accounts)
            return super().password_change(request, *args, **kwargs)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        return AutocompleteView.as_view(admin_site=self)(request)

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return the matching tables and records for the palette.

        Unfold's search caches results, which may contain deleted records. It also converts words to
        lower case, so that it finds no Stripe ids.
        """
        if unknown := [quoted(name) for name in request.GET if name != "s"]:
            message = f"The palette has no parameter {', '.join(unknown)}."
            return HttpResponse(message, status=400, content_type="text/plain")
        term = request.GET.get("s", "").strip()
        if not term:
            return HttpResponse()
        start = perf_counter()
        results = self.matching(request, term)
        context = {
            "search_term": term,
            "page_obj": {"count": len(results)},  # the theme's own search has several pages
            "page_counter": 0,
            "results": results,
            "execution_time": perf_counter() - start,
        }
        template = "unfold/helpers/command_results.html"
        return TemplateResponse(request, template, context, headers={"HX-Trigger": "search"})

    def matching(self, request: HttpRequest, term: str) -> list[SearchResult]:
        """Return the matching tables and records, or one entry that says why none were searched."""
        if problem := search_problem(term):
            return [SearchResult(problem, "Nothing was searched", reverse("admin:index"), "error")]
        tables = self._search_apps(self.get_app_list(request), term.lower())
        return [*tables, *find_records(request, term)]
