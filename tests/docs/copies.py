"""Copies of the project, in which tests follow the documents."""

import shutil
from pathlib import Path

from tests.support.processes import PROJECT


def copy_project(parent: Path) -> Path:
    """Copy the project into `parent`, to a path with a space."""
    left_out = shutil.ignore_patterns(".*", "tests", "backups", "staticfiles")
    return Path(shutil.copytree(PROJECT, parent / "a copy", ignore=left_out))
