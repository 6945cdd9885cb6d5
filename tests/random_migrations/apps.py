"""The files of the random apps."""

from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from django.test import override_settings

from tests.random_migrations.world import APPS
from tests.support.lab import Lab

LEFT_OUT = (
    "courses",
    "enrollments",
    "assessments",
    "communication",
    "notifications",
    "analytics",
    "payments",
    "config.admin_pages",
    "config.demo",
    "config.schema_docs",
)
"""Apps that are not installed here, because they make each step slower and test nothing new."""
OTHERS = [app for app in settings.INSTALLED_APPS if app not in LEFT_OUT]


class RandomApps(Lab):
    """The files of both apps, named by their paths below `directory`."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, *APPS)
        self._installed = override_settings(INSTALLED_APPS=[*OTHERS, *APPS])
        self.directory = directory

    def files(self) -> dict[str, str]:
        """Return the text of the models and of each migration, by path."""
        return {
            str(path.relative_to(self.directory)): path.read_text()
            for path in sorted(self._paths())
        }

    def checkout(self, files: Mapping[str, str]) -> None:
        """Replace the models and migrations by `files`, and load them."""
        for path in self._paths():
            path.unlink()
        for name, text in files.items():
            (self.directory / name).write_text(text)
        self.reload()

    def leaf(self, app: str) -> str:
        """Return the name of the app's last migration, or '' if it has none."""
        leaves = MigrationLoader(None).graph.leaf_nodes(app)
        return leaves[-1][1] if leaves else ""

    def _paths(self) -> list[Path]:
        return [
            path
            for app in APPS
            for path in (
                *(self.directory / app).glob("models.py"),
                *(self.directory / app / "migrations").glob("[0-9]*.py"),
            )
        ]
