"""The embedded server of the tests, which holds nothing worth keeping."""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from shutil import disk_usage, rmtree

from django.conf import settings

MEMORY = Path("/dev/shm")  # noqa: S108  the directory in it is private
ENOUGH = 2 << 30


def choose_directory() -> Path:
    """Return the data directory: in memory if enough is free, else in the project.

    A copy of a database is hundreds of files, and each test that commits has one. Some file systems
    slow down by a multiple where as many files have just been deleted.
    """
    project = os.fsencode(settings.BASE_DIR)
    name = f"postgres-tests-{os.geteuid()}-{sha256(project).hexdigest()[:16]}"
    directory = MEMORY / name
    if (directory / "PG_VERSION").exists() or _has_room():
        return directory
    return settings.BASE_DIR / ".postgres-tests"


def _has_room() -> bool:
    return os.access(MEMORY, os.W_OK) and disk_usage(MEMORY).free >= ENOUGH


def leave_memory(directory: Path) -> None:
    """Empty the directory, if it is in memory and no other process uses the server.

    The directory itself is a lock for which another run may be waiting.
    """
    from config.postgres.embedded.server import EmbeddedServer  # Django is not ready any earlier

    if MEMORY not in directory.parents:
        return
    server = EmbeddedServer(directory)
    with suppress(OSError), server._exclusive() as cluster:
        if not server._is_used():
            cluster.stop()
            for item in directory.iterdir():
                rmtree(item) if item.is_dir() else item.unlink()
