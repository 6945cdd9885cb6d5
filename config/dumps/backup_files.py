"""Backup files, which only their owner can read and which get their name when complete."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path

UNFINISHED = ".unfinished"


def list_of(path: Path) -> Path:
    """Return the path of a backup's list, which names the objects to restore."""
    return path.with_suffix(".list")


@contextmanager
def new_backup(
    directory: Path, stem: str, *, alike: str | None = None
) -> Iterator[tuple[Path, Path]]:
    """Yield the path of an unfinished file, and the path to which it is renamed at the end.

    The name is `stem`, with a number if necessary. The file is removed if an error is raised.
    First remove the unfinished files of killed processes whose stem matches the pattern `alike` or,
    without a pattern, equals `stem`.
    """
    if not directory.exists():
        directory.mkdir(mode=0o700, parents=True)
        (directory / ".gitignore").write_text("*\n")  # keep rows out of a repository
    with _locked(directory, fcntl.LOCK_EX):
        _remove_abandoned(directory, alike or re.escape(stem))
        path = _new_path(directory, stem)
        unfinished = path.with_suffix(UNFINISHED)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # the system unlocks it when this process ends
    try:
        yield unfinished, path
        os.fsync(descriptor)
        unfinished.rename(path)
        _sync(directory)
    except BaseException:
        list_of(path).unlink(missing_ok=True)
        raise
    finally:
        unfinished.unlink(missing_ok=True)
        os.close(descriptor)


def _remove_abandoned(directory: Path, stem: str) -> None:
    for unfinished in directory.glob(f"*{UNFINISHED}"):
        if not re.fullmatch(rf"(?:{stem})(-\d+)?", unfinished.stem):
            continue
        with suppress(BlockingIOError), _locked(unfinished, fcntl.LOCK_EX | fcntl.LOCK_NB):
            list_of(unfinished).unlink(missing_ok=True)
            unfinished.unlink()


def _new_path(directory: Path, stem: str) -> Path:
    for name in chain([stem], (f"{stem}-{number}" for number in count(2))):
        path = directory / f"{name}.dump"
        if not path.exists() and not path.with_suffix(UNFINISHED).exists():
            break
    return path


@contextmanager
def _locked(path: Path, operation: int) -> Iterator[None]:
    """Lock a file or directory. Raise BlockingIOError if LOCK_NB is set and it is locked."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, operation)
        yield
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
