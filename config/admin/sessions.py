"""A notice on the login page that a session has ended."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

ENDED = (
    "Your session has ended: it expired, your password was changed, or your account was"
    " deactivated. Log in again to continue where you were."
)


def session_end_explained(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Return middleware that explains on the login page why the session has ended."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if _sent_to_login(response) and _had_session(request):
            messages.warning(request, ENDED)
        return response

    return respond


def _sent_to_login(response: HttpResponse) -> bool:
    target = response.headers.get("Location", "")
    return response.status_code == 302 and target.startswith(f"{reverse('admin:login')}?")


def _had_session(request: HttpRequest) -> bool:
    """Return whether a browser asked for a page with the cookie of a session that has ended."""
    is_page = "text/html" in request.headers.get("Accept", "")
    is_over = not request.user.is_authenticated
    return is_page and is_over and settings.SESSION_COOKIE_NAME in request.COOKIES
