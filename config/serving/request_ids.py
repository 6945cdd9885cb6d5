"""An id for each request, to find its lines in the log."""

import re
from collections.abc import Callable
from contextvars import ContextVar
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9_.-]{8,64}")

current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)


def request_ids(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Return middleware that gives each request and its response an id.

    Keep the id that a proxy has sent, so that both logs contain the same id.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        sent = request.headers.get(HEADER, "")
        request.META["REQUEST_ID"] = sent if WELL_FORMED.fullmatch(sent) else uuid4().hex
        token = current_request.set(request)
        try:
            response = get_response(request)
        finally:
            current_request.reset(token)
        response[HEADER] = request.META["REQUEST_ID"]
        return response

    return respond
