"""A page that says so when the database takes no writes, as a standby does not."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from psycopg.errors import ReadOnlySqlTransaction

from config.admin.error_pages import Explanation, error_page
from config.console import driver_error

READ_ONLY = Explanation(
    "Read-only database",
    "Nothing was saved. The database takes no changes now: it is a standby server, or its"
    " transactions are read-only.",
    "Wait until the site uses the primary server again (DATABASE_URL), then try again.",
)


class ReadOnlyNotice:
    """The middleware that answers a request whose write the database has refused."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page; a session is not saved with this status, which would fail again."""
        if isinstance(driver_error(error), ReadOnlySqlTransaction):
            return error_page(request, 503, READ_ONLY)
        return None
