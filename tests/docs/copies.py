"""Copies of the project, in which a test follows a document."""

from pathlib import Path

from tests.support.copies import copy_directory
from tests.support.processes import PROJECT


def copy_project(parent: Path) -> Path:
    """Copy the project into `parent`; the path has a space, as a developer's may."""
    return copy_directory(PROJECT, parent / "a copy", ".*", "tests", "backups", "staticfiles")
