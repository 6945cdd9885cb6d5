"""The apps of the admin: Django's admin with this project's site, and the theme."""

from django.apps import AppConfig
from django.contrib.admin import apps as django_admin
from django.core import checks

from config.admin.client_address import check_proxies


class AdminConfig(django_admin.AdminConfig):
    """Django's admin with this project's site as `admin.site`."""

    default = False
    default_site = "config.admin.site.AdminSite"


class ThemeConfig(AppConfig):
    """Templates and styles that override unfold's. INSTALLED_APPS lists this app before unfold."""

    name = "config.admin"
    label = "admin_theme"
    default = True

    def ready(self) -> None:
        checks.register(check_proxies, checks.Tags.security, deploy=True)
