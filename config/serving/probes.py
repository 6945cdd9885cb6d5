"""The health checks for load balancers and orchestrators."""

import logging
from collections.abc import Callable
from functools import cache

import psycopg
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from psycopg import errors

from config.console import counted
from config.deadline import SECONDS, new_session

type MigrationKey = tuple[str, str]
type GetResponse = Callable[[HttpRequest], HttpResponse]

LIMIT = f"SET LOCAL statement_timeout = '{SECONDS}s'"
APPLIED = "SELECT app, name FROM django_migrations"

logger = logging.getLogger(__name__)


def health_checks(get_response: GetResponse) -> GetResponse:
    """Return middleware that answers /healthz and /readyz.

    Health checks use http:// and the address of the process as host. So this middleware must come
    before those that check the host, redirect to https:// or open a session.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        return VIEWS.get(request.path_info, get_response)(request)

    return respond


@never_cache
@require_safe
def _healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the process serves requests, without asking the database."""
    return _text_response("ok", 200)


@never_cache
@require_safe
def _readyz(request: HttpRequest) -> HttpResponse:
    """Answer whether the database can be reached and has all migrations of the code.

    Everyone may read the answer. The message of the database names the server and the role, so it
    is only logged.
    """
    try:
        missing = _unapplied_migrations(_read_applied_migrations())
    except (psycopg.Error, DatabaseError) as error:
        reason = str(error).partition("\n")[0]
        logger.warning("The database does not answer a health check: %s", reason)
        return _text_response("The database does not answer. The log has the reason.", 503)
    if missing:
        count, first = counted(len(missing), "migration"), ".".join(min(missing))
        return _text_response(f"{count} not applied, first {first}. Run migrate.", 503)
    return _text_response("ok", 200)


VIEWS = {"/healthz": _healthz, "/readyz": _readyz}


def _text_response(line: str, status: int) -> HttpResponse:
    return HttpResponse(f"{line}\n", status=status, content_type="text/plain; charset=utf-8")


def _read_applied_migrations() -> set[MigrationKey]:
    """Return the app and name of each applied migration, within the time limit.

    Django's own connection is not used, because it may wait without a limit.
    """
    role = connection.settings_dict["OPTIONS"].get("assume_role")
    with new_session(connection) as session, session.transaction():
        session.execute(LIMIT)
        if role:
            session.execute("SELECT set_config('role', %s, true)", [role])
        try:
            return set(session.execute(APPLIED).fetchall())
        except errors.UndefinedTable:
            return set()


def _unapplied_migrations(applied: set[MigrationKey]) -> set[MigrationKey]:
    """Return the migrations of the code that are not applied.

    A squashed migration counts as applied if all migrations that it replaces are applied.
    """
    return {
        key
        for key, replaced in _read_migrations().items()
        if key not in applied and not (replaced and replaced <= applied)
    }


@cache
def _read_migrations() -> dict[MigrationKey, set[MigrationKey]]:
    """Return each migration of the code, with the migrations that it replaces."""
    nodes = MigrationLoader(None).graph.nodes
    return {key: set(migration.replaces) for key, migration in nodes.items()}
