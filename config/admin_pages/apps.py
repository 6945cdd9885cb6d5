"""The app of the dashboard, which is the first page of the admin, and of the Schema page."""

from django.apps import AppConfig
from django.contrib import admin


class AdminPagesConfig(AppConfig):
    name = "config.admin_pages"
    label = "admin_pages"
    verbose_name = "Dashboard and schema"

    def ready(self) -> None:
        admin.site.index_template = "admin_pages/index.html"
