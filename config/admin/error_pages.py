"""Error pages in the look of the site. They read neither the session nor the database."""

import sys
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.template.loader import render_to_string
from psycopg.errors import ReadOnlySqlTransaction

from config.console import counted_bytes, driver_error, is_server_lost

type View = Callable[[HttpRequest], HttpResponse]


class Explanation(NamedTuple):
    """The content of an error page: a title, what happened, and what to do."""

    title: str
    text: str
    advice: str


BAD_REQUEST = Explanation(
    "Request not understood",
    "The server cannot read this request, so nothing was saved.",
    "Go back, and open the page again by its link.",
)
UNKNOWN_HOST = Explanation(
    "Unknown address",
    "This site does not know the host name in the address, so nothing was saved.",
    "Use the site's usual address. If this is its address, add it to ALLOWED_HOSTS.",
)
FORBIDDEN = Explanation(
    "No permission",
    "Your account may not see this page or take this action.",
    "Log in with another account, or ask an administrator.",
)
NOT_FOUND = Explanation(
    "Page not found",
    "There is no page at this address.",
    "It may be misspelt, or its record may have been deleted.",
)
ONLY_FORMS = Explanation(
    "Nothing to show",
    "This address only takes forms, so there is no page to show.",
    "Go back, and use the button there.",
)
FAILED = Explanation(
    "Server error",
    "The server could not finish this request. The error was logged.",
    "Go back and try again. A form that you sent is restored when you open its page again.",
)
NO_DATABASE = Explanation(
    "Database not available",
    "The database does not answer, so the page cannot be shown. The error was logged.",
    "Try again in a moment. A form that you sent is restored when you open its page again.",
)
READ_ONLY = Explanation(
    "Read-only database",
    "Nothing was saved. The database takes no changes now: it is a standby server, or its"
    " transactions are read-only.",
    "Wait until the site uses the primary server again (DATABASE_URL), then try again.",
)
STALE = Explanation(
    "Form out of date",
    "Nothing was saved. The form was opened before the last login in this browser, or cookies are"
    " blocked.",
    "Open the page again and save once more. What you typed in a record is restored there.",
)
UNKNOWN_ADDRESS = Explanation(
    "Form from an unknown address",
    "Nothing was saved, since the form came from an address that this site does not know.",
    "Use the site's usual address. If this is its address, add it to CSRF_TRUSTED_ORIGINS.",
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    unknown = isinstance(exception, DisallowedHost)
    return error_page(request, 400, UNKNOWN_HOST if unknown else BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 403, FORBIDDEN)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 404, NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the page for the exception that is being handled."""
    error = sys.exception()
    if error and is_server_lost(error):
        return error_page(request, 503, NO_DATABASE)
    return error_page(request, 500, FAILED)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    unknown = reason.startswith(("Origin checking", "Referer checking"))
    return error_page(request, 403, UNKNOWN_ADDRESS if unknown else STALE)


def error_page(request: HttpRequest, status: int, explanation: Explanation) -> HttpResponse:
    """Return the explanation as a page or, for clients other than browsers, as JSON or text."""
    title, text, advice = explanation
    wanted = request.get_preferred_type(["text/html", "application/json", "text/plain"])
    if wanted == "application/json":
        return JsonResponse({"error": title, "detail": f"{text} {advice}"}, status=status)
    if wanted != "text/html" or request.method == "HEAD":
        return HttpResponse(f"{title}. {text} {advice}\n", "text/plain", status)
    context = {
        **admin.site.each_context(_visitor(request)),
        **explanation._asdict(),
        "back": _came_from(request),
    }
    # Pass no request. Otherwise, the template reads the user and messages from the database.
    return HttpResponse(render_to_string("config_admin/error.html", context), status=status)


def _visitor(request: HttpRequest) -> HttpRequest:
    """Return a request without a session, so that rendering looks up no user."""
    visitor = HttpRequest()
    visitor.META = request.META
    visitor.user = AnonymousUser()
    return visitor


def _came_from(request: HttpRequest) -> str:
    """Return the path of the page that led here, or '' if it is not a page of this site."""
    try:
        page = urlsplit(request.headers.get("Referer", ""))
        if page.netloc != request.get_host():
            return ""
    except (ValueError, DisallowedHost):
        return ""
    path = "/" + page.path.lstrip("/")  # two slashes at the beginning lead to another site
    return f"{path}?{page.query}" if page.query else path


def large_requests_refused(get_response: View) -> View:
    """Return middleware that refuses a form that is too large, and explains the limit.

    Install it before the CSRF middleware, which also reads the form but explains nothing.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        try:
            request.POST  # noqa: B018  # reading it raises the errors
        except RequestDataTooBig:
            return error_page(request, 413, _too_large(request))
        except TooManyFieldsSent:
            return error_page(request, 413, _too_many())
        except UnreadablePostError:
            pass  # The client has closed the connection.
        return get_response(request)

    return respond


def _too_large(request: HttpRequest) -> Explanation:
    while request.read(1 << 16):  # closing before the end resets the connection
        pass
    size = counted_bytes(int(request.headers["Content-Length"]))
    limit = counted_bytes(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return Explanation(
        "Form too large",
        f"Nothing was saved: the form has {size}, and the server takes {limit}.",
        "Go back and shorten the longest text.",
    )


def _too_many() -> Explanation:
    return Explanation(
        "Too many fields",
        "Nothing was saved: the form has more fields than the"
        f" {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,} that the server takes.",
        "Go back, remove some of the added rows and save. Then add them again.",
    )


def forms_only_explained(get_response: View) -> View:
    """Return middleware that explains status 405, for which Django sends an empty page."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 405 or response.content:
            return response
        page = error_page(request, 405, ONLY_FORMS)
        page.headers["Allow"] = response.headers["Allow"]
        return page

    return respond


class ReadOnlyNotice:
    """Middleware that explains a refused write to a read-only database, such as a standby."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return a page with status 503, so that Django does not try to save the session."""
        if isinstance(driver_error(error), ReadOnlySqlTransaction):
            return error_page(request, 503, READ_ONLY)
        return None
