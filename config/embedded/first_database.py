"""The database of the project, which the first client of an embedded server creates."""

import psycopg
from psycopg import sql

from config.embedded.data_directory import (
    SUPERUSER,
    DataDirectory,
    EmbeddedServerError,
    SocketAddress,
)


def ensure_database(name: str, address: SocketAddress, data_directory: DataDirectory) -> None:
    """Create the database unless it exists. Raise EmbeddedServerError if the server fails."""
    try:
        with psycopg.connect(
            host=address.socket_directory,
            port=address.port,
            user=SUPERUSER,
            dbname="postgres",
            autocommit=True,
        ) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if not found.fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise EmbeddedServerError(data_directory.failure("does not work", str(error))) from error
