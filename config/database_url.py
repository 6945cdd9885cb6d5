"""The settings of a database, from DATABASE_URL."""

from typing import Any
from urllib.parse import unquote

import psycopg
from django.core.exceptions import ImproperlyConfigured
from environ import Env
from psycopg.conninfo import make_conninfo, timeout_from_conninfo

ENGINE = "config.postgres.backend"
EXAMPLE = "postgres://user:password@host:5432/name"
PARTS = {"ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS"}
DJANGO_OPTIONS = {"assume_role", "isolation_level"}


def parse_database_url(url: str) -> dict[str, Any]:
    """Return the settings of the PostgreSQL database at `url`; its query string becomes OPTIONS.

    Raises ImproperlyConfigured, whose message never contains the password.
    """
    scheme, separator, _ = url.partition("://")
    if not separator:
        raise ImproperlyConfigured(f"DATABASE_URL is not a URL. Write {EXAMPLE}.")
    if scheme.lower() not in Env.POSTGRES_FAMILY:
        raise ImproperlyConfigured(
            f"DATABASE_URL is for the database engine {scheme!r}, but this project needs "
            f"PostgreSQL. Write {EXAMPLE}."
        )
    try:
        settings: dict[str, Any] = Env.db_url_config(url, engine=ENGINE)
        _check_characters(url, settings["HOST"])
    except ValueError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL cannot be read. Write {EXAMPLE}, with a valid host, a number for the "
            "port, and percent-encoding for special characters (%2F for /, %3F for ?, %40 for @)."
        ) from error
    if not settings["NAME"]:
        raise ImproperlyConfigured(f"DATABASE_URL names no database. Write {EXAMPLE}.")
    # django-environ also accepts Django's settings here; this project has variables for them.
    others = {key.lower(): settings[key] for key in settings.keys() - PARTS}
    _check_options(settings.setdefault("OPTIONS", {}) | others)
    return settings


def _check_characters(url: str, hosts: str) -> None:
    """Raise ValueError if `url` or one of its hosts contains a character that is not allowed."""
    if "\0" in unquote(url):
        raise ValueError("libpq would ignore what follows a null character")
    for host in hosts.split(","):
        if not host.startswith("/"):
            host.encode("idna")


def _check_options(options: dict[str, Any]) -> None:
    """Raise ImproperlyConfigured if libpq does not know an option, or its value is invalid."""
    libpq_options = {key: options[key] for key in options.keys() - DJANGO_OPTIONS}
    try:
        make_conninfo(**libpq_options)
        timeout_from_conninfo(libpq_options)
    except psycopg.ProgrammingError as error:
        raise ImproperlyConfigured(
            f"A parameter after the question mark in DATABASE_URL is wrong: {str(error).strip()}. "
            "See libpq's connection parameters."
        ) from error
