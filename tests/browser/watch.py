"""Errors in the browser that a page does not show."""

from typing import Any

from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

GAVE_UP = "net::ERR_ABORTED"
"""Failures of requests that the browser ended itself, to leave the page or to save a file."""


class Watch:
    """A collector of errors, warnings, failed requests, and requests to hosts other than `home`.

    A violation of the Content-Security-Policy is an error in the console.
    """

    def __init__(self, page: Page, home: str) -> None:
        self.home = home
        self.page = page
        self.problems: list[str] = []
        self.handlers: dict[Any, Any] = {
            "console": self._console,
            "pageerror": self._error,
            "request": self._request,
            "requestfailed": self._failed,
            "response": self._response,
        }
        for event, handler in self.handlers.items():
            page.on(event, handler)

    def stop(self) -> None:
        for event, handler in self.handlers.items():
            self.page.remove_listener(event, handler)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.type}: {message.text}")

    def _error(self, error: Error) -> None:
        self.problems.append(f"exception: {error}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.home}/", "data:", "blob:")):
            self.problems.append(f"request to another host: {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != GAVE_UP:
            self.problems.append(f"{request.failure}: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"{response.status}: {response.url}")
