"""The project's own apps, and its commands as lines to copy."""

import shlex
import sys
from pathlib import Path

from django.apps import AppConfig, apps
from django.conf import settings
from django.db.models import Model


def is_own(config: AppConfig) -> bool:
    """Return whether the app's package is next to manage.py."""
    return Path(config.path).parent == settings.BASE_DIR


def own_apps() -> list[AppConfig]:
    """Return the project's own apps, in the order of INSTALLED_APPS."""
    return list(filter(is_own, apps.get_app_configs()))


def migrated_models(config: AppConfig) -> list[type[Model]]:
    """Return the app's models whose tables migrations create, including many-to-many tables."""
    return [
        model
        for model in config.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    ]


def typed(arguments: str) -> str:
    """Return the shell command for manage.py with `arguments`, to run in the project's root."""
    python = Path(sys.executable)
    python = from_root(python.parent.resolve() / python.name)
    return f"{shlex.quote(str(python))} manage.py {arguments}"


def from_root(path: Path) -> Path:
    """Return `path` relative to the project's root, or unchanged if it is outside."""
    return path.relative_to(settings.BASE_DIR) if path.is_relative_to(settings.BASE_DIR) else path
