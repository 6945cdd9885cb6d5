"""The admin site."""

from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from unfold.sites import UnfoldAdminSite


class AdminSite(UnfoldAdminSite):
    """Unfold's, with the domains in their order and a search that any parameter can be put to."""

    index_title = "Dashboard"

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Apps and models as the schema has them, not by the alphabet."""
        found = super().get_app_list(request, app_label)
        for app in found:
            models = list(apps.get_app_config(app["app_label"]).get_models())
            app["models"].sort(key=lambda entry, order=models: order.index(entry["model"]))
        labels = list(apps.app_configs)
        return sorted(found, key=lambda app: labels.index(app["app_label"]))

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The command palette; it has one page only."""
        request.GET = request.GET.copy()
        request.GET.pop("page", None)
        return super().search(request, extra_context)
