"""The apps of this project: those beside manage.py."""

from pathlib import Path

from django.apps import AppConfig, apps
from django.conf import settings


def is_own(config: AppConfig) -> bool:
    return Path(config.path).parent == settings.BASE_DIR


def own_apps() -> list[AppConfig]:
    """In the order of the settings."""
    return list(filter(is_own, apps.get_app_configs()))
