"""The database backend that starts the embedded server when a connection is needed."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from django.db.backends.postgresql import client
from django.db.utils import OperationalError

from config.embedded.data_directory import BIN, SUPERUSER, EmbeddedServerError
from config.embedded.server import EmbeddedServer
from config.postgres.backend import base

embedded_server = cache(EmbeddedServer)


class DatabaseClient(client.DatabaseClient):
    """The client for `dbshell`, with the psql of the embedded server's package."""

    connection: "DatabaseWrapper"
    executable_name = str(BIN / "psql")

    def runshell(self, parameters: Iterable[str]) -> None:
        self.connection.start_server()
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that starts the embedded server if it is not running."""

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        self.start_server()
        return super().get_connection_params()

    def start_server(self) -> None:
        """Start the server if it is not running, and set HOST, PORT and USER to connect to it.

        Raise OperationalError if it cannot be started.
        """
        settings = self.settings_dict
        try:
            server = embedded_server(Path(settings["EMBEDDED_POSTGRES_DIR"]))
            address = server.address(settings["EMBEDDED_DATABASE"])
        except EmbeddedServerError as error:
            raise OperationalError(str(error)) from error
        settings |= {"HOST": address.socket_directory, "PORT": address.port, "USER": SUPERUSER}
