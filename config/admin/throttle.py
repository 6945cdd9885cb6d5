"""Counters of failed logins for django-axes, kept in the table of the sessions.

All processes share this table, and rows in it expire, as in a shared cache. So the counters need
neither a table of their own nor another service.
"""

from datetime import timedelta
from typing import Any

from axes.backends import AxesStandaloneBackend
from django.conf import settings
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

ADD = """
INSERT INTO django_session AS old (session_key, session_data, expire_date)
VALUES (%s, %s, now() + %s * interval '1 second')
ON CONFLICT (session_key) DO UPDATE
   SET session_data = excluded.session_data, expire_date = excluded.expire_date
 WHERE old.expire_date <= now()
"""


class Backend(AxesStandaloneBackend):
    """The authentication backend that locks out an address after too many failures."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Skip logins without a request: they do not come from the web."""
        if request is not None:
            super().authenticate(request, **credentials)


def address(request: HttpRequest) -> str:
    """Return the client's address; behind a proxy, the one that the proxy added to its header."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if settings.SECURE_PROXY_SSL_HEADER and forwarded:
        return forwarded.rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


class SessionTableCache(BaseCache):
    """A cache of numbers in rows of `django_session`; `clearsessions` removes expired ones.

    Keys are hashed with SECRET_KEY, so that a client cannot use one as a session key.
    """

    def __init__(self, _: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(
        self, key: str, value: int, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(ADD, [_hashed(key), str(value), self._seconds(timeout)])
            return bool(cursor.rowcount)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        unexpired = _rows(key).filter(expire_date__gt=Now())
        number = unexpired.values_list("session_data", flat=True).first()
        return default if number is None else int(number)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE django_session SET session_data = session_data::int + %s"
                " WHERE session_key = %s RETURNING session_data::int",
                [delta, _hashed(key)],
            )
            row = cursor.fetchone()
        if row is None:
            raise ValueError(f"Key {key!r} not found.")
        return int(row[0])

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        expiry = Now() + timedelta(seconds=self._seconds(timeout))
        return bool(_rows(key).update(expire_date=expiry))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(_rows(key).delete()[0])

    def _seconds(self, timeout: Any) -> int:
        seconds: Any = self.default_timeout if timeout in (DEFAULT_TIMEOUT, None) else timeout
        return int(seconds)


def _rows(key: str) -> QuerySet[Any]:
    from django.contrib.sessions.models import Session  # settings name this module before models

    return Session.objects.filter(session_key=_hashed(key))


def _hashed(key: str) -> str:
    """Return a hash of 40 characters, the length limit of a session key."""
    return salted_hmac("config.admin.throttle", key, algorithm="sha256").hexdigest()[:40]
