"""DATABASE_URL -> Django's settings of a database."""

from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from environ import Env
from psycopg.conninfo import make_conninfo

ENGINE = "config.database.backend"
EXAMPLE = "postgres://user:password@host:5432/name"
BOOLEANS = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
DJANGO_OPTIONS = {"assume_role", "isolation_level", "pool", "server_side_binding"}


def parse_database_url(url: str) -> dict[str, Any]:
    """Settings for the PostgreSQL database at `url`; its query string becomes OPTIONS.

    Raises ImproperlyConfigured, whose message never holds the password.
    """
    scheme, separator, _ = url.partition("://")
    if not separator:
        raise ImproperlyConfigured(f"DATABASE_URL is not a URL. Write {EXAMPLE}.")
    if scheme not in Env.POSTGRES_FAMILY:
        raise ImproperlyConfigured(
            f"DATABASE_URL is of the database engine {scheme!r}, but this schema needs PostgreSQL. "
            f"Write {EXAMPLE}."
        )
    try:
        settings: dict[str, Any] = Env.db_url_config(url, engine=ENGINE)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL cannot be read. Write {EXAMPLE}, with a number for the port and "
            "percent-encoding for special characters (%23 for #, %40 for @)."
        ) from error
    if not settings["NAME"]:
        raise ImproperlyConfigured(f"DATABASE_URL names no database. Write {EXAMPLE}.")
    settings["OPTIONS"] = _options(settings.get("OPTIONS", {}))
    return settings


def _options(options: dict[str, Any]) -> dict[str, Any]:
    ours = {key: options[key] for key in options.keys() & DJANGO_OPTIONS}
    libpq = {key: options[key] for key in options.keys() - DJANGO_OPTIONS}
    try:
        make_conninfo(**libpq)
    except psycopg.ProgrammingError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL has an {str(error).strip()}. See libpq's connection parameters."
        ) from error
    return libpq | {key: BOOLEANS.get(str(value).lower(), value) for key, value in ours.items()}
