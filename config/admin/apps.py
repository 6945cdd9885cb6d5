"""The apps of the admin: Django's with our site, and ours with the templates."""

from django.apps import AppConfig
from django.contrib.admin import apps as django_admin
from django.core import checks

from config.admin.client_address import check_proxies


class AdminConfig(django_admin.AdminConfig):
    """Django's admin, in which `admin.site` is our site."""

    default = False
    default_site = "config.admin.site.AdminSite"


class ThemeConfig(AppConfig):
    """Our templates and styles; those that replace templates of `unfold` must come before it."""

    name = "config.admin"
    label = "admin_theme"
    default = True

    def ready(self) -> None:
        checks.register(check_proxies, checks.Tags.security, deploy=True)
