"""The files of backups: private, named once complete, removed when their writer is gone."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path

UNFINISHED = ".unfinished"


def list_of(path: Path) -> Path:
    """Return the path of the list of what a backup restores."""
    return path.with_suffix(".list")


@contextmanager
def new_backup(
    directory: Path, stem: str, *, alike: str | None = None
) -> Iterator[tuple[Path, Path]]:
    """Give a file to write, and the name that it gets in the end: `stem`, with a number if need be.

    It is removed if an error is raised. Those of processes that were killed are removed first, if
    their stem is the same or matches `alike`; other programs may have files here, too.
    """
    if not directory.exists():
        directory.mkdir(mode=0o700, parents=True)
        (directory / ".gitignore").write_text("*\n")  # rows do not belong in a repository
    with _locked(directory, fcntl.LOCK_EX):
        _remove_abandoned(directory, alike or re.escape(stem))
        path = _new_path(directory, stem)
        unfinished = path.with_suffix(UNFINISHED)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # until this process ends, however that happens
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
    """Lock a file or directory. Raise BlockingIOError if `operation` does not wait for another."""
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
