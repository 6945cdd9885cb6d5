"""The apps of the admin: Django's with our site, ours with the templates, and the throttle."""

from axes import apps as axes
from django.apps import AppConfig
from django.contrib.admin import apps as django_admin


class AdminConfig(django_admin.AdminConfig):
    """Django's admin; `admin.site` is our site."""

    default = False
    default_site = "config.admin.site.AdminSite"


class ThemeConfig(AppConfig):
    """Templates and styles; before `unfold`, whose templates some of them replace."""

    name = "config.admin"
    label = "admin_theme"
    default = True


class ThrottleConfig(axes.AppConfig):
    """django-axes without its tables: all that it has to keep are a few counters.

    `config.admin.throttle` keeps them.
    """

    default = False

    def import_models(self) -> None:
        super().import_models()
        self.models.clear()
