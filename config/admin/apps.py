"""The apps of the admin: Django's admin with its own site, and the theme with the templates."""

from django.apps import AppConfig
from django.contrib.admin import apps as django_admin
from django.core import checks

from config.admin.client_address import check_proxies


class AdminConfig(django_admin.AdminConfig):
    """Django's admin with the site of this project as `admin.site`."""

    default = False
    default_site = "config.admin.site.AdminSite"


class ThemeConfig(AppConfig):
    """The templates and styles of the project. It is listed before unfold to replace templates."""

    name = "config.admin"
    label = "admin_theme"
    default = True

    def ready(self) -> None:
        checks.register(check_proxies, checks.Tags.security, deploy=True)
