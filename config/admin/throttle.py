"""The limit on failed logins.

Failures are counted per account and address, so that failures in other accounts or from other
addresses do not lock an account. A browser that has logged in to the account before has its own
counter, so that an attacker behind the same proxy cannot lock it out (OWASP: device cookies). A
higher limit for the address alone stops a client that tries many accounts.

The counters are rows in the table of sessions, because all processes share that table and its rows
expire. So no separate table and no shared cache is needed.
"""

import json
import logging
import secrets
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from math import ceil
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.crypto import salted_hmac

from config.admin.client_address import client_address
from config.admin.error_pages import Explanation, error_page
from config.console import counted
from config.postgres import execute, read_rows

LIMIT = 5
LIMIT_OF_ADDRESS = 50
PERIOD = timedelta(minutes=15)
"""The time for which a login is refused after the last failure within the limit."""

COOKIE = "known_browser"
COOKIE_AGE = timedelta(days=180)

# An attempt is counted before its password is checked, so that attempts at the same time cannot
# exceed the limit. Attempts above the limit do not extend the lock.
COUNT = """
INSERT INTO django_session AS old (session_key, session_data, expire_date)
VALUES (%(key)s, '1', now() + %(period)s * interval '1 second')
ON CONFLICT (session_key) DO UPDATE SET
    session_data = CASE
        WHEN old.expire_date <= now() THEN '1'
        ELSE least(old.session_data::int + 1, %(limit)s + 1)::text
    END,
    expire_date = CASE
        WHEN old.expire_date > now() AND old.session_data::int >= %(limit)s THEN old.expire_date
        ELSE excluded.expire_date
    END
RETURNING session_data::int, ceil(extract(epoch FROM expire_date - now()))::int
"""
UNCOUNT = """
UPDATE django_session SET session_data = greatest(session_data::int - 1, 0)::text
 WHERE session_key = %s
"""

logger = logging.getLogger(__name__)
View = Callable[..., HttpResponse]


class FailureCounter(NamedTuple):
    """The failed logins from one origin, including the present attempt."""

    origin: str
    limit: int
    key: str
    number: int = 0
    seconds: int = 0

    def increased(self) -> "FailureCounter":
        """Count the present attempt. Return the counter with the number and the seconds to wait."""
        parameters = {"key": self.key, "limit": self.limit, "period": PERIOD.total_seconds()}
        [(number, seconds)] = read_rows(connection, COUNT, parameters)
        return self._replace(number=number, seconds=seconds)

    def uncount(self) -> None:
        execute(connection, UNCOUNT, [self.key])

    def forget(self) -> None:
        Session.objects.filter(session_key=self.key).delete()


def throttled(login: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Call the view `login` if the limit on failures is not exceeded. A redirect means success."""
    if request.method != "POST":
        return login(request, *args, **kwargs)
    counters = _counters(request)
    used_up = None
    for counter in counters:
        increased = counter.increased()
        if increased.number > counter.limit:
            return _refusal(request, increased)
        if increased.number == counter.limit:
            used_up = increased
    response = login(request, *args, **kwargs)
    if isinstance(response, HttpResponseRedirect):
        counters[0].forget()
        for counter in counters[1:]:  # the address keeps its earlier failures
            counter.uncount()
        _remember_browser(request, response)
    elif used_up:
        logger.warning(
            "%d failed logins from %s. Further logins %s are refused for %d seconds.",
            *(used_up.limit, client_address(request), used_up.origin, used_up.seconds),
        )
        return _refusal(request, used_up)
    return response


def _counters(request: HttpRequest) -> list[FailureCounter]:
    account = _account(request)
    browser = request.get_signed_cookie(COOKIE, None, salt=account, max_age=COOKIE_AGE)
    if browser:
        return [FailureCounter("to this account from this browser", LIMIT, _key(browser, account))]
    address = client_address(request)
    return [
        FailureCounter("to this account from this address", LIMIT, _key(address, account)),
        FailureCounter("from this address", LIMIT_OF_ADDRESS, _key(address)),
    ]


def _account(request: HttpRequest) -> str:
    """Return the typed name of the account, normalized so that its spellings are equal."""
    return unicodedata.normalize("NFKC", request.POST.get("username", "")).strip().casefold()


def _key(*parts: str) -> str:
    """Return a session key that clients cannot guess without SECRET_KEY."""
    return salted_hmac(__name__, json.dumps(parts), algorithm="sha256").hexdigest()[:40]


def _remember_browser(request: HttpRequest, response: HttpResponse) -> None:
    response.set_signed_cookie(
        COOKIE,
        secrets.token_urlsafe(),
        salt=_account(request),
        max_age=COOKIE_AGE,
        path=request.path,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _refusal(request: HttpRequest, counter: FailureCounter) -> HttpResponse:
    failed = f"There were {counter.limit} failed attempts to log in {counter.origin}."
    wait = f"Try again in {counted(ceil(counter.seconds / 60), 'minute')}."
    response = error_page(request, 429, Explanation("Too many attempts", failed, wait))
    response.headers["Retry-After"] = str(counter.seconds)
    return response
