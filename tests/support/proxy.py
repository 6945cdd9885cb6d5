"""A proxy that cuts a connection to the server when it commits."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from django.db import connections

from config.postgres.backend import DatabaseWrapper

COMMIT = b"COMMIT\0"


class Proxy:
    """A proxy between clients and the server, which cuts a connection at a COMMIT."""

    def __init__(self, listener: socket.socket, host: str, port: str) -> None:
        self.listener, self.host, self.port = listener, host, port
        self.cut = ""
        """When to cut: "before" or "after" the server gets the next COMMIT, or "" for never."""
        self.is_closed = False
        """True if new connections are refused."""

    def cutting(self, moment: str, *, is_closed: bool = False) -> Callable[[], None]:
        """Return a function that sets `cut` to `moment`, and sets `is_closed`."""

        def cut() -> None:
            self.cut, self.is_closed = moment, is_closed

        return cut

    def listen(self) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                client, _ = self.listener.accept()
                Thread(target=self._serve, args=(client,)).start()

    def _serve(self, client: socket.socket) -> None:
        if self.is_closed:
            client.close()
            return
        is_cut = Event()
        with client, self._connect() as server:
            answers = Thread(target=_pass_on, args=(server, client, is_cut))
            answers.start()
            with suppress(OSError):
                self._send(client, server, is_cut)
            with suppress(OSError):  # the server has ended the connection
                server.shutdown(socket.SHUT_WR)
            answers.join()

    def _connect(self) -> socket.socket:
        if not self.host.startswith("/"):
            return socket.create_connection((self.host, int(self.port)))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{self.host}/.s.PGSQL.{self.port}")
        return server

    def _send(self, client: socket.socket, server: socket.socket, is_cut: Event) -> None:
        """Pass on messages of the client, until the client ends or the connection is cut."""
        while message := client.recv(65536):
            if self.cut and COMMIT in message:
                if self.cut == "after":
                    is_cut.set()
                    server.sendall(message)
                self.cut = ""
                return
            server.sendall(message)


def _pass_on(source: socket.socket, target: socket.socket, is_cut: Event) -> None:
    """Pass on messages of `source`, and close `target` for writing when `source` ends.

    If the connection is cut, close it at the next answer: the server has committed by then.
    """
    with suppress(OSError):
        while (message := source.recv(65536)) and not is_cut.is_set():
            target.sendall(message)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def proxied() -> Iterator[Proxy]:
    """Put a proxy between the alias "default" and its server until the block ends."""
    usual = connections["default"]
    where = usual.get_connection_params()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(listener, where["host"], str(where["port"]))
        Thread(target=proxy.listen, daemon=True).start()
        here = {"HOST": "127.0.0.1", "PORT": listener.getsockname()[1], "USER": where["user"]}
        connections["default"] = DatabaseWrapper(usual.settings_dict | here, "default")
        try:
            yield proxy
        finally:
            connections["default"].close()
            connections["default"] = usual
            listener.shutdown(socket.SHUT_RDWR)
