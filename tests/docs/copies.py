"""Copies of the project, in which tests follow the documents."""

from pathlib import Path

from tests.support.copies import copy_directory
from tests.support.processes import PROJECT


def copy_project(parent: Path) -> Path:
    """Copy the project into `parent`, to a path with a space."""
    return copy_directory(PROJECT, parent / "a copy", ".*", "tests", "backups", "staticfiles")
