"""The database backend that starts the embedded server when a connection is needed."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from django.db.backends.postgresql import client
from django.db.utils import OperationalError

from config.postgres.backend import base
from config.postgres.embedded.cluster import BIN, SUPERUSER, EmbeddedServerError
from config.postgres.embedded.server import EmbeddedServer

server_on = cache(EmbeddedServer)


class DatabaseClient(client.DatabaseClient):
    """`dbshell` with the psql of the embedded server's package."""

    connection: "DatabaseWrapper"
    executable_name = str(BIN / "psql")

    def runshell(self, parameters: Iterable[str]) -> None:
        self.connection.settings_dict |= self.connection.listening_address()
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that starts the embedded server if it is not running."""

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        listening = self.listening_address()
        names = {"HOST": "host", "PORT": "port", "USER": "user"}
        return super().get_connection_params() | {names[k]: v for k, v in listening.items()}

    def listening_address(self) -> dict[str, Any]:
        """Return HOST, PORT and USER of the running server, after starting it if necessary.

        Raises OperationalError if it cannot be started.
        """
        settings = self.settings_dict
        try:
            server = server_on(Path(settings["EMBEDDED_POSTGRES_DIR"]))
            address = server.address(settings["EMBEDDED_DATABASE"])
        except EmbeddedServerError as error:
            raise OperationalError(str(error)) from error
        return {"HOST": address.socket_directory, "PORT": address.port, "USER": SUPERUSER}
