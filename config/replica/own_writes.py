"""A reader's own writes, which they must see."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from config.replica.health import ASKING_SECONDS, CHECK_SECONDS, is_configured
from config.replica.reading import pinned

COOKIE = "has_written"
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
MARGIN = CHECK_SECONDS + ASKING_SECONDS + 1
"""Seconds by which what is known of the lag may be old. With synchronous_commit off, the position
of the primary lacks the commits of the last second."""


def own_writes(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Return middleware that reads on the primary for a browser that has just sent a form.

    A replica that is used is at most DATABASE_REPLICA_MAX_LAG behind, so it has the change when
    the browser forgets the cookie.
    """
    if not is_configured():
        raise MiddlewareNotUsed

    def respond(request: HttpRequest) -> HttpResponse:
        writes = request.method not in SAFE
        token = pinned.set(writes or COOKIE in request.COOKIES)
        try:
            response = get_response(request)
        finally:
            pinned.reset(token)
        if writes:
            _remember(response)
        return response

    return respond


def _remember(response: HttpResponse) -> None:
    response.set_cookie(
        COOKIE,
        "yes",
        max_age=settings.DATABASE_REPLICA_MAX_LAG + MARGIN,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
