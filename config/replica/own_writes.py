"""Middleware that shows users their own changes, which the replica may not have yet."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from config.replica.health import CHECK_SECONDS, GRACE_SECONDS, is_configured
from config.replica.reading import reads_primary_only

COOKIE = "has_written"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
MARGIN = CHECK_SECONDS + GRACE_SECONDS + 1
"""Seconds by which the known lag may be outdated. With synchronous_commit off, the position of the
primary lacks the commits of the last second."""


def own_writes(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Return middleware that reads the primary for a browser that has just sent a form.

    A cookie marks the browser for a little longer than DATABASE_REPLICA_MAX_LAG. When the cookie
    expires, the replica has the change, or is too far behind to be used.
    """
    if not is_configured():
        raise MiddlewareNotUsed

    def respond(request: HttpRequest) -> HttpResponse:
        writes = request.method not in SAFE_METHODS
        token = reads_primary_only.set(writes or COOKIE in request.COOKIES)
        try:
            response = get_response(request)
        finally:
            reads_primary_only.reset(token)
        if writes:
            _set_cookie(response)
        return response

    return respond


def _set_cookie(response: HttpResponse) -> None:
    response.set_cookie(
        COOKIE,
        "yes",
        max_age=settings.DATABASE_REPLICA_MAX_LAG + MARGIN,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
