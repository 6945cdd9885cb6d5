"""python -m config.postgres.embedded.keeper DIRECTORY: stop the server after its last client.

Clients stop it themselves when they exit; the keeper is there for those that are killed. Its stdin
is `keeper.lock`.
"""

import sys
from contextlib import suppress
from pathlib import Path

from config.postgres.embedded.server import EmbeddedServer

if __name__ == "__main__":
    with suppress(FileNotFoundError):  # somebody removed the directory
        EmbeddedServer(Path(sys.argv[1])).keep(sys.stdin.fileno())
