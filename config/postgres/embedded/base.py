"""The database backend of a project without DATABASE_URL: it brings its own server."""

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
    """`dbshell`, with the psql that came with the server."""

    connection: "DatabaseWrapper"
    executable_name = str(BIN / "psql")

    def runshell(self, parameters: Iterable[str]) -> None:
        self.connection.settings_dict |= self.connection.where_it_listens()
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    """Starts the server on the first connection, and again if it is gone on a later one."""

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        listening = self.where_it_listens()
        names = {"HOST": "host", "PORT": "port", "USER": "user"}
        return super().get_connection_params() | {names[k]: v for k, v in listening.items()}

    def where_it_listens(self) -> dict[str, Any]:
        """HOST, PORT and USER of a server that is up.

        Raises OperationalError if it cannot be brought up.
        """
        settings = self.settings_dict
        try:
            server = server_on(Path(settings["EMBEDDED_POSTGRES_DIR"]))
            address = server.address(settings["EMBEDDED_DATABASE"])
        except EmbeddedServerError as error:
            raise OperationalError(str(error)) from error
        return {"HOST": address.socket_directory, "PORT": address.port, "USER": SUPERUSER}
