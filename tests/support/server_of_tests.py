"""The data directory of the embedded server of the tests, in memory if possible."""

import os
import pwd
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from shutil import disk_usage, rmtree
from stat import S_ISDIR

from django.conf import settings

MEMORY = Path("/dev/shm")  # noqa: S108  the directory in it is private
ENOUGH = 2 << 30
SYSTEM_USER = "pgserver"


def choose_directory() -> Path:
    """Return the data directory: in memory if enough is free, else in the project.

    Each test that commits copies a database, which has hundreds of files. Some file systems become
    several times slower after so many files were deleted.
    """
    project = os.fsencode(settings.BASE_DIR)
    name = f"postgres-tests-{os.geteuid()}-{sha256(project).hexdigest()[:16]}"
    directory = MEMORY / name
    if _is_own(directory) and ((directory / "PG_VERSION").exists() or _has_room()):
        return directory
    return settings.BASE_DIR / ".postgres-tests"


def _is_own(directory: Path) -> bool:
    """Return whether no other user has created `directory`, as all users may in /dev/shm."""
    try:
        found = directory.lstat()
    except FileNotFoundError:
        return True
    owners = [os.geteuid()]
    if os.geteuid() == 0:  # the server of root belongs to another user
        owners += [user.pw_uid for user in pwd.getpwall() if user.pw_name == SYSTEM_USER]
    return S_ISDIR(found.st_mode) and found.st_uid in owners


def _has_room() -> bool:
    return os.access(MEMORY, os.W_OK) and disk_usage(MEMORY).free >= ENOUGH


def leave_memory(directory: Path) -> None:
    """Empty the directory, if it is in memory and no other process uses the server.

    The directory itself stays, because another run may be waiting for the lock on it. The mark of
    an interrupted initdb makes the next run empty the directory, even if this process is killed
    or a keeper creates its lock file again.
    """
    from config.embedded.server import EmbeddedServer  # Django is not ready any earlier

    if MEMORY not in directory.parents or not _is_own(directory):
        return
    server = EmbeddedServer(directory)
    with suppress(OSError), server._locked_directory() as data_directory:
        if not server._is_used():
            data_directory.stop()
            unfinished = directory / "initdb.unfinished"
            unfinished.mkdir(exist_ok=True)
            # Remove PG_VERSION first: without it, a directory does not count as that of a server.
            for item in sorted(directory.iterdir(), key=lambda item: item.name != "PG_VERSION"):
                if item != unfinished:
                    rmtree(item) if item.is_dir() else item.unlink()
