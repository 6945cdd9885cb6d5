"""The program that stops the server if its last client was killed.

It is run as `python -m config.embedded.keeper DIRECTORY`, with `keeper.lock` as its stdin.
"""

import sys
from contextlib import suppress
from pathlib import Path

from config.embedded.server import EmbeddedServer

if __name__ == "__main__":
    with suppress(FileNotFoundError):  # the directory has been removed
        EmbeddedServer(Path(sys.argv[1])).keep(sys.stdin.fileno())
