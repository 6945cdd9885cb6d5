"""Answers to the probes of load balancers and orchestrators."""

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
from config.deadline import deadline

type MigrationKey = tuple[str, str]
type GetResponse = Callable[[HttpRequest], HttpResponse]

SECONDS = 2
"""The time limit for connecting, and again for the query. libpq allows no shorter limit."""
LIMIT = f"SET LOCAL statement_timeout = '{SECONDS}s'"
APPLIED = "SELECT app, name FROM django_migrations"

logger = logging.getLogger(__name__)


def health_checks(get_response: GetResponse) -> GetResponse:
    """Return middleware that answers /healthz and /readyz.

    A probe sends requests over http:// to the address of the process. So this comes before all
    middleware that checks the host, redirects to https:// or opens a session.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        return CHECKS.get(request.path_info, get_response)(request)

    return respond


@never_cache
@require_safe
def _healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the process serves requests, without asking the database."""
    return _answer("ok", 200)


@never_cache
@require_safe
def _readyz(request: HttpRequest) -> HttpResponse:
    """Answer whether the database answers and has all migrations, so that requests can succeed.

    Anyone may read the answer. So the log, and not the answer, has the message of the database,
    which names the server and the role.
    """
    try:
        missing = _missing(_applied())
    except (psycopg.Error, DatabaseError) as error:
        reason = str(error).partition("\n")[0]
        logger.warning("The database does not answer a health check: %s", reason)
        return _answer("The database does not answer. The log has the reason.", 503)
    if missing:
        names = counted(len(missing), "migration")
        return _answer(f"{names} not applied, first {'.'.join(min(missing))}. Run migrate.", 503)
    return _answer("ok", 200)


CHECKS = {"/healthz": _healthz, "/readyz": _readyz}


def _answer(line: str, status: int) -> HttpResponse:
    return HttpResponse(f"{line}\n", status=status, content_type="text/plain; charset=utf-8")


def _applied() -> set[MigrationKey]:
    """Return the app and name of each applied migration, within the time limit.

    Use a new connection, because those of Django may wait without a limit.
    """
    parameters = connection.get_connection_params() | {"connect_timeout": SECONDS}
    role = connection.settings_dict["OPTIONS"].get("assume_role")
    with psycopg.connect(**parameters) as session, deadline(session, SECONDS + 0.5):
        session.execute(LIMIT)
        if role:
            session.execute("SELECT set_config('role', %s, true)", [role])
        try:
            return set(session.execute(APPLIED).fetchall())
        except errors.UndefinedTable:
            return set()


def _missing(applied: set[MigrationKey]) -> set[MigrationKey]:
    """Return the migrations that are not applied. One counts as applied if all it replaces are."""
    return {
        key
        for key, replaced in _wanted().items()
        if key not in applied and not (replaced and replaced <= applied)
    }


@cache
def _wanted() -> dict[MigrationKey, set[MigrationKey]]:
    """Return each migration of the code, with the migrations that it replaces."""
    nodes = MigrationLoader(None).graph.nodes
    return {key: set(migration.replaces) for key, migration in nodes.items()}
