"""Backup files. Only their owner can read them, and they get their names when they are complete."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path

UNFINISHED = ".unfinished"


def list_of(path: Path) -> Path:
    """Return the path of the list of objects to restore, next to the backup `path`."""
    return path.with_suffix(".list")


@contextmanager
def new_backup(
    directory: Path, stem: str, *, alike: str | None = None
) -> Iterator[tuple[Path, Path]]:
    """Yield the path of an unfinished file, and the path to which it is renamed at the end.

    The final name is `stem`, with a number if necessary. An error removes the file.
    First remove the unfinished files of processes that were killed, if their stems match the
    pattern `alike`. By default, the pattern matches only `stem`.
    """
    if not directory.exists():
        directory.mkdir(mode=0o700, parents=True)
        (directory / ".gitignore").write_text("*\n")  # keeps rows out of a repository
    with _locked(directory, fcntl.LOCK_EX):
        _remove_abandoned(directory, alike or re.escape(stem))
        path = _new_path(directory, stem)
        unfinished = path.with_suffix(UNFINISHED)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # the kernel unlocks it when this process ends
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
    """Lock a file or directory. With LOCK_NB, raise BlockingIOError if another process has it."""
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
