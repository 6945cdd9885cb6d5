"""Copies of the project, in which a test follows a document."""

import shutil
from pathlib import Path

from tests.support.processes import PROJECT


def copy_project(parent: Path) -> Path:
    """Copy the project into `parent`; the path has a space, as a developer's may."""
    left_out = shutil.ignore_patterns(".*", "tests", "backups", "staticfiles")
    return Path(shutil.copytree(PROJECT, parent / "a copy", ignore=left_out))
