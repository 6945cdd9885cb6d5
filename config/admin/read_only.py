"""A page that says so when the database takes no writes, as a standby does not."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from psycopg.errors import ReadOnlySqlTransaction

from config.console import driver_error


class ReadOnlyNotice:
    """The middleware that answers a request whose write the database has refused."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page; a session is not saved with this status, which would fail again."""
        if isinstance(driver_error(error), ReadOnlySqlTransaction):
            return render(request, "config_admin/read_only.html", status=503)
        return None
