"""The admin site."""

from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from unfold.sites import UnfoldAdminSite

from config.admin.throttle import throttled


class AdminSite(UnfoldAdminSite):
    """Unfold's site, with the apps and models in the order of the schema."""

    index_title = "Dashboard"

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Return apps and models in the order of the schema, not of the alphabet."""
        found = super().get_app_list(request, app_label)
        for app in found:
            models = list(apps.get_app_config(app["app_label"]).get_models())
            app["models"].sort(key=lambda entry, order=models: order.index(entry["model"]))
        labels = list(apps.app_configs)
        return sorted(found, key=lambda app: labels.index(app["app_label"]))

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return throttled(super().login)(request, extra_context)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Read one's own account again and lock it, since the form saves all of its columns."""
        with transaction.atomic():
            if request.method == "POST":
                account: Any = request.user
                accounts = get_user_model()._base_manager.select_for_update(no_key=True)
                account.refresh_from_db(from_queryset=accounts)
            return super().password_change(request, extra_context)

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return the first page of matches, since unfold fails if `page` is not a number."""
        request.GET = request.GET.copy()
        request.GET.pop("page", None)
        return super().search(request, extra_context)
