"""Correct and wrong values of DATABASE_URL."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.database_url import parse_database_url

EXAMPLE = "postgres://user:password@host:5432/name"
UNREADABLE = (
    f"DATABASE_URL cannot be read. Write {EXAMPLE}, with a valid host, a number for the port, and "
    "percent-encoding for special characters (%2F for /, %3F for ?, %40 for @)."
)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("postgres://u:p@h:5433/n", {"USER": "u", "PASSWORD": "p", "HOST": "h", "PORT": 5433}),
        ("postgresql://h/n", {"USER": "", "PASSWORD": "", "HOST": "h", "PORT": "", "NAME": "n"}),
        ("POSTGRES://h/n", {"HOST": "h", "NAME": "n"}),
        ("postgres://u:p%40%2F%3F%23%25@h/n", {"PASSWORD": "p@/?#%"}),
        ("postgres://u:p+w@h/n+m", {"PASSWORD": "p+w", "NAME": "n+m"}),
        ("postgres://u:p@ss#%+:w@h/n", {"PASSWORD": "p@ss#%+:w", "HOST": "h"}),
        ("postgres://%C3%BC:ö@h/%C3%A4", {"USER": "ü", "PASSWORD": "ö", "NAME": "ä"}),
        ("postgres://[::1]:5433/n", {"HOST": "::1", "PORT": 5433}),
        ("postgres://h1:1,h2:2/n", {"HOST": "h1,h2", "PORT": "1,2"}),
        ("postgres:////run/postgresql/n", {"HOST": "/run/postgresql", "NAME": "n"}),
        ("postgres:///n?host=/tmp&connect_timeout=3", {"HOST": "", "NAME": "n"}),
    ],
)
def test_url__is_split_into_settings(url: str, parts: dict[str, Any]) -> None:
    settings = parse_database_url(url)
    assert {name: settings[name] for name in parts} == parts


def test_url__uses_the_backend_of_the_project() -> None:
    assert parse_database_url(EXAMPLE)["ENGINE"] == "config.postgres.backend"


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", {}),
        ("?host=/run&connect_timeout=3", {"host": "/run", "connect_timeout": 3}),
        ("?sslmode=prefer&sslrootcert=/ca", {"sslmode": "prefer", "sslrootcert": "/ca"}),
        ("?options=-c%20lock_timeout%3D5s", {"options": "-c lock_timeout=5s"}),
        ("?options=-c+x&password=a+b%2Bc", {"options": "-c+x", "password": "a+b+c"}),
        ("?password=007&application_name=", {"password": "007", "application_name": ""}),
        ("?assume_role=owner&isolation_level=3", {"assume_role": "owner", "isolation_level": 3}),
    ],
)
def test_query_of_url__becomes_options(query: str, options: dict[str, Any]) -> None:
    assert parse_database_url(f"{EXAMPLE}{query}")["OPTIONS"] == options


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", f"DATABASE_URL is not a URL. Write {EXAMPLE}."),
        ("postgres", f"DATABASE_URL is not a URL. Write {EXAMPLE}."),
        ("host=h dbname=n", f"DATABASE_URL is not a URL. Write {EXAMPLE}."),
        ("postgres:/h/n", f"DATABASE_URL is not a URL. Write {EXAMPLE}."),
        ("postgres://", f"DATABASE_URL names no database. Write {EXAMPLE}."),
        ("postgres://u:s3cret@h", f"DATABASE_URL names no database. Write {EXAMPLE}."),
        ("postgres://u:s3cret@h/", f"DATABASE_URL names no database. Write {EXAMPLE}."),
        ("postgres://u:s3cret@h:port/n", UNREADABLE),
        ("postgres://u:s3cret@h:65536/n", UNREADABLE),
        ("postgres://u:s3cret/@h/n", UNREADABLE),
        ("postgres://u:s3cret?@h/n", UNREADABLE),
        ("postgres://u:s3cret@[::1/n", UNREADABLE),
        ("postgres://u:s3cret@h..org/n", UNREADABLE),
        (f"postgres://u:s3cret@{'h' * 64}/n", UNREADABLE),
        ("postgres://u:s3cret@h/n%00", UNREADABLE),
        ("postgres://h/n?s3cret", UNREADABLE),
        ("postgres://h/n?password=s3cret&password=x", UNREADABLE),
        ("SECRET_KEY=s3cret postgres://h/n", f"DATABASE_URL is not a URL. Write {EXAMPLE}."),
    ],
)
def test_url_that_cannot_be_read__is_refused(url: str, message: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        parse_database_url(url)
    assert str(refused.value) == message
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize(
    "scheme",
    ["mysql", "sqlite", "mongodb", "oracle", "mssql", "cockroachdb", "redshift", "http", ""],
)
def test_url_of_another_engine__is_refused(scheme: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        parse_database_url(f"{scheme}://u:s3cret@h/n")
    assert str(refused.value) == (
        "DATABASE_URL is for another database engine, but this project needs PostgreSQL. "
        f"Write {EXAMPLE}."
    )


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("sslmod=require", 'invalid connection option "sslmod"'),
        ("pool=true", 'invalid connection option "pool"'),
        ("conn_max_age=60", 'invalid connection option "conn_max_age"'),
        ("connect_timeout=s3cret", "connect_timeout is not a number"),
    ],
)
def test_url_with_wrong_query__is_refused(query: str, reason: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        parse_database_url(f"{EXAMPLE}?{query}")
    assert str(refused.value) == (
        f"A parameter after the question mark in DATABASE_URL is wrong: {reason}. "
        "See libpq's connection parameters."
    )
