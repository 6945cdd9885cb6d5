"""The admin as two apps: Django's own with our site, and ours with the templates."""

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
