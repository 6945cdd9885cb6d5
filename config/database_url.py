"""The settings of a database, from DATABASE_URL or DATABASE_REPLICA_URL."""

import re
from typing import Any
from urllib.parse import parse_qsl, unquote

import psycopg
from django.core.exceptions import ImproperlyConfigured
from environ import Env
from psycopg.conninfo import make_conninfo, timeout_from_conninfo

ENGINE = "config.postgres.backend"
EXAMPLE = "postgres://user:password@host:5432/name"
NUMBER = re.compile("0|[1-9][0-9]{0,8}")
DJANGO_OPTIONS = {"assume_role", "isolation_level"}


def parse_database_url(url: str, variable: str = "DATABASE_URL") -> dict[str, Any]:
    """Return Django's settings for the PostgreSQL database at `url`, with its query as OPTIONS.

    Raise ImproperlyConfigured if `url` is wrong. The message never contains the password.
    """
    scheme, separator, _ = url.partition("://")
    if not separator or not re.fullmatch("[a-zA-Z0-9+.-]*", scheme):
        raise ImproperlyConfigured(f"{variable} is not a URL. Write {EXAMPLE}.")
    if scheme.lower() not in Env.POSTGRES_FAMILY:
        raise ImproperlyConfigured(
            f"{variable} is for another database engine, but this project needs PostgreSQL. "
            f"Write {EXAMPLE}."
        )
    address, _, query = url.partition("?")
    try:
        settings: dict[str, Any] = Env.db_url_config(address, engine=ENGINE)
        _check_characters(url, settings["HOST"])
        settings["OPTIONS"] = _options(query)
    except ValueError:
        # Leave out the cause, whose message contains parts of the password.
        raise ImproperlyConfigured(
            f"{variable} cannot be read. Write {EXAMPLE}, with a valid host, a number for the "
            "port, and percent-encoding for special characters (%2F for /, %3F for ?, %40 for @)."
        ) from None
    if not settings["NAME"]:
        raise ImproperlyConfigured(f"{variable} names no database. Write {EXAMPLE}.")
    if "+" in (name := address.rpartition("/")[2]):
        settings["NAME"] = unquote(name)  # django-environ reads a plus as a space, unlike libpq
    _check_options(settings["OPTIONS"], variable)
    return settings


def _options(query: str) -> dict[str, Any]:
    """Return the parameters of the query. Raise ValueError if one has no = or occurs twice."""
    query = query.replace("+", "%2B")  # parse_qsl() reads a plus as a space, unlike libpq
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a parameter occurs twice")
    # Django needs isolation_level as a number. A value such as 007 stays text.
    return {name: int(value) if NUMBER.fullmatch(value) else value for name, value in pairs}


def _check_characters(url: str, hosts: str) -> None:
    """Raise ValueError if `url` or one of its hosts contains a character that is not allowed."""
    if "\0" in unquote(url):
        raise ValueError("libpq ignores the text after a null character")
    for host in hosts.split(","):
        if not host.startswith("/"):
            host.encode("idna")


def _check_options(options: dict[str, Any], variable: str) -> None:
    """Raise ImproperlyConfigured if libpq does not know an option, or if a timeout is invalid."""
    libpq_options = {key: options[key] for key in options.keys() - DJANGO_OPTIONS}
    reason = None
    try:
        make_conninfo(**libpq_options)
    except psycopg.ProgrammingError as error:  # the message names the option
        reason = str(error).strip()
    try:
        timeout_from_conninfo(libpq_options)
    except psycopg.ProgrammingError:  # the message has the value
        reason = "connect_timeout is not a number"
    if reason:
        raise ImproperlyConfigured(
            f"A parameter after the question mark in {variable} is wrong: {reason}. "
            "See libpq's connection parameters."
        )
