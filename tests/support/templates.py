"""Databases that are prepared once in a run of pytest, for all its workers to copy."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_django import DjangoDbBlocker

from tests.support.databases import (
    Database,
    close_to_sessions,
    create_database,
    drop_database,
    has_database,
    known_database,
)


@dataclass(frozen=True)
class Templates:
    """The prepared databases of a run, whose workers share the lock files in `directory`."""

    run: str
    directory: Path
    blocker: DjangoDbBlocker

    @contextmanager
    def prepared(
        self, name: str, prepare: Callable[[Database], object], template: str = "template1"
    ) -> Iterator[str]:
        """Yield the name of a copy of `template` on which `prepare` has been called.

        The first worker that needs the copy creates it, and the last worker that uses it drops it.
        """
        database = f"{self.run}_{name}"
        with (self.directory / f"{name}.users").open("w") as users:
            with self._alone(name):
                if not has_database(database):
                    _make(database, template, prepare)
                fcntl.flock(users, fcntl.LOCK_SH)
            try:
                yield database
            finally:
                with self._alone(name), suppress(BlockingIOError):  # another worker uses it
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    drop_database(database)

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Let one worker at a time create or drop the database."""
        with (self.directory / f"{name}.lock").open("w") as lock, self.blocker.unblock():
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _make(name: str, template: str, prepare: Callable[[Database], object]) -> None:
    create_database(name, template)
    try:
        with known_database(name) as database:
            prepare(database)
        close_to_sessions(name)
    except BaseException:
        drop_database(name)  # another worker must not find it half prepared
        raise
