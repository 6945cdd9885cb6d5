"""Copies of directories of the project."""

import shutil
from pathlib import Path


def copy_directory(source: Path, target: Path, *left_out: str) -> Path:
    """Copy a directory with its bytecode, without files that Python writes there at the moment."""
    ignored = shutil.ignore_patterns("*.pyc.*", *left_out)
    return Path(shutil.copytree(source, target, ignore=ignored))
