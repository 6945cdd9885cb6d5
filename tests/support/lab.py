"""An app "lab", whose models and migrations a test writes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import invalidate_caches
from io import StringIO
from pathlib import Path
from textwrap import dedent, indent
from unittest.mock import patch

from django.apps import apps
from django.core.management import call_command
from django.test import override_settings

from tests.support.few_apps import FEW_APPS
from tests.support.migrations import migrate

HEADER = """\
from django.contrib.postgres.operations import *
from django.db import migrations, models
from config.postgres import *
from config.postgres.enums import *

"""
# An app counts as the project's own if it is next to manage.py.
CONFIG = """\
from django.apps import AppConfig
from django.conf import settings

class Config(AppConfig):
    name = "{0}"
    path = str(settings.BASE_DIR / "{0}")
"""


class Lab:
    """An app next to `FEW_APPS`, with its package in `directory`.

    The apps `others` are installed as well. Each of them is an empty package.
    """

    def __init__(self, directory: Path, label: str = "lab", *others: str) -> None:
        self.label, self.package = label, directory / label
        self.labels = (label, *others)
        installed = [*FEW_APPS, *self.labels]
        self._installed = override_settings(INSTALLED_APPS=installed)
        for each in self.labels:
            _make_package(directory / each)

    def write_models(self, source: str) -> None:
        """Replace the app's models by those in `source`."""
        (self.package / "models.py").write_text(HEADER + dedent(source))
        self.reload()

    def write_migration(self, name: str, operations: str, dependencies: str = "") -> None:
        """Write a migration that follows the last one; `operations` are the items of a list."""
        *_, last = ["", *self.migrations]
        depends = dependencies or (f"({self.label!r}, {last!r})" if last else "")
        (self.package / "migrations" / f"{name}.py").write_text(
            f"{HEADER}\nclass Migration(migrations.Migration):\n"
            f"    initial = {not last}\n"
            f"    dependencies = [{depends}]\n"
            f"    operations = [\n{indent(dedent(operations), ' ' * 8)}\n    ]\n"
        )
        self.reload()

    @property
    def migrations(self) -> list[str]:
        """Return the names of the app's migrations, in order."""
        return sorted(path.stem for path in (self.package / "migrations").glob("[0-9]*.py"))

    def make_migrations(self, *arguments: str) -> str:
        """Run makemigrations, and answer each question with yes; return what it prints."""
        output = StringIO()
        with patch("builtins.input", return_value="y"):
            call_command("makemigrations", self.label, *arguments, stdout=output, no_color=True)
        self.reload()
        return output.getvalue()

    def migrate(self, *arguments: str) -> list[str]:
        """Run makemigrations and migrate; return the lines that migrate prints."""
        self.make_migrations("--verbosity=0")
        return migrate(*arguments)

    def reload(self) -> None:
        self._uninstall()
        self._install()

    @contextmanager
    def installed(self) -> Iterator["Lab"]:
        """Install the app until the block ends."""
        sys.path.insert(0, str(self.package.parent))
        # Bytecode has the time of its source in seconds, and would hide a second change within one.
        with patch.object(sys, "dont_write_bytecode", True):
            self._install()
            try:
                yield self
            finally:
                self._uninstall()
                sys.path.remove(str(self.package.parent))

    def _install(self) -> None:
        invalidate_caches()
        self._installed.enable()

    def _uninstall(self) -> None:
        """Remove the apps from Django's registry and from sys.modules."""
        self._installed.disable()
        for label in self.labels:
            apps.all_models.pop(label, None)
        for name in [name for name in sys.modules if name.split(".")[0] in self.labels]:
            del sys.modules[name]
        apps.clear_cache()


def _make_package(package: Path) -> None:
    (package / "migrations").mkdir(parents=True)
    for directory in (package, package / "migrations"):
        (directory / "__init__.py").touch()
    (package / "models.py").write_text(HEADER)
    (package / "apps.py").write_text(CONFIG.format(package.name))
