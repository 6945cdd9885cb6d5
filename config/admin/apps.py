"""The apps of the admin: Django's with our site, ours with the templates, and django-axes."""

from axes import apps as axes
from django.apps import AppConfig
from django.contrib.admin import apps as django_admin


class AdminConfig(django_admin.AdminConfig):
    """Django's admin, in which `admin.site` is our site."""

    default = False
    default_site = "config.admin.site.AdminSite"


class ThemeConfig(AppConfig):
    """Our templates and styles; those that replace templates of `unfold` must come before it."""

    name = "config.admin"
    label = "admin_theme"
    default = True


class ThrottleConfig(axes.AppConfig):
    """django-axes without its models: `config.admin.throttle` keeps its counters."""

    default = False

    def import_models(self) -> None:
        super().import_models()
        self.models.clear()
