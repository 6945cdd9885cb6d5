"""Settings from the environment, and refusals of missing and wrong values."""

import os
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.support.processes import PROJECT, environment, manage, printed, refusal, shell
from tests.support.servers import PGBOUNCER, Server, password_server, pgbouncer

URL = "postgres://user:password@host:5432/name"
REPLICA = "postgres://user:password@replica:5432/name"
SECRET_KEY = "0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PRODUCTION = {
    "DEBUG": "off",
    "SECRET_KEY": SECRET_KEY,
    "ALLOWED_HOSTS": "learn.example.org",
    "DATABASE_URL": URL,
}
NO_SECRET_KEY = (
    "SECRET_KEY is not set, and DEBUG is off. Set it to a long random value that only this "
    "installation knows (python3 -c 'import secrets; print(secrets.token_urlsafe(50))' prints one)."
)
NO_DATABASE_URL = (
    "DATABASE_URL is not set, and DEBUG is off. The embedded PostgreSQL is for development only. "
    f"Set it to {URL}."
)


def settings_of(**variables: object) -> dict[str, Any]:
    """Return the settings of a process with these environment variables."""
    with patch.dict(os.environ, environment(**variables), clear=True):
        return runpy.run_path(str(PROJECT / "config" / "settings.py"))


def test_log_in_production__has_no_mail_to_administrators() -> None:
    assert settings_of(**PRODUCTION)["LOGGING"]["loggers"]["django"]["handlers"] == []


@pytest.mark.parametrize("command", ["check", "migrate", "runserver"])
def test_command_in_production_without_database_url__is_refused(command: str) -> None:
    process = manage(command, **PRODUCTION | {"DATABASE_URL": ""})
    assert refusal(process) == f"manage.py {command}: {NO_DATABASE_URL}"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (PRODUCTION | {"SECRET_KEY": ""}, NO_SECRET_KEY),
        ({"DEBUG": "off"}, f"{NO_SECRET_KEY} {NO_DATABASE_URL}"),
        (
            {"DEBUG": "ture"},
            "DEBUG in the environment is neither on nor off. Set it to one of them.",
        ),
        (
            {"DATABASE_URL": URL, "DEBUG": ""},
            "DATABASE_URL is set, but DEBUG is not. Set DEBUG to off, or to on for development. "
            "With DEBUG on, visitors see the code and the data behind an error.",
        ),
        (
            {"LOG_FORMAT": "yaml"},
            "LOG_FORMAT in the environment is not text or json. Set it to one of them.",
        ),
        (
            {"DATABASE_REPLICA_URL": REPLICA},
            "DATABASE_REPLICA_URL is set, but DATABASE_URL is not. Set DATABASE_URL to the URL of "
            "the primary, or unset DATABASE_REPLICA_URL.",
        ),
        (
            {"DATABASE_URL": URL, "DATABASE_REPLICA_URL": URL},
            "DATABASE_REPLICA_URL is the same as DATABASE_URL. Set it to the URL of a standby of "
            "that database, or unset it.",
        ),
        (
            {"DATABASE_URL": URL, "DATABASE_REPLICA_URL": "mysql://replica/name"},
            "DATABASE_REPLICA_URL is for another database engine, but this project needs "
            f"PostgreSQL. Write {URL}.",
        ),
        (
            {"SECRET_KEY": "<50 characters or more>"},
            "SECRET_KEY in the environment has a placeholder or shell code instead of a value. "
            "Replace it.",
        ),
    ],
)
def test_wrong_value__is_refused(variables: dict[str, str], message: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_of(**variables)
    assert str(refused.value) == message


def test_check_deploy_in_production__is_silent() -> None:
    process = manage("check", "--deploy", "--fail-level=WARNING", **PRODUCTION)
    assert printed(process) == "System check identified no issues (0 silenced)."


@pytest.mark.parametrize(
    ("variables", "debug"), [({"DEBUG": ""}, True), (PRODUCTION | {"DEBUG": "off"}, False)]
)
def test_debug__is_on_by_default_with_the_embedded_database(
    variables: dict[str, str], debug: bool
) -> None:
    assert settings_of(**variables)["DEBUG"] is debug


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, {"DISABLE_SERVER_SIDE_CURSORS": True, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}),
        ({"DATABASE_SERVER_SIDE_CURSORS": "on"}, {"DISABLE_SERVER_SIDE_CURSORS": False}),
        ({"DATABASE_CONN_MAX_AGE": 60}, {"CONN_MAX_AGE": 60}),
        ({"DATABASE_SERVER_SIDE_BINDING": "on"}, {"OPTIONS": {"server_side_binding": True}}),
        (
            {"DATABASE_POOL_SIZE": 5},
            {"OPTIONS": {"pool": {"min_size": 2, "max_size": 5}, "server_side_binding": False}},
        ),
        (
            {"DATABASE_POOL_SIZE": 1},
            {"OPTIONS": {"pool": {"min_size": 1, "max_size": 1}, "server_side_binding": False}},
        ),
    ],
)
def test_database_of_environment__is_set(
    variables: dict[str, object], expected: dict[str, object]
) -> None:
    database = settings_of(DATABASE_URL=URL, **variables)["DATABASES"]["default"]
    assert {key: database[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, {"HOST": "replica", "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}),
        ({"DATABASE_CONN_MAX_AGE": 60}, {"CONN_MAX_AGE": 60}),
        ({}, {"OPTIONS": {"connect_timeout": 2, "server_side_binding": False}}),
        (
            {"DATABASE_POOL_SIZE": 5},
            {
                "OPTIONS": {
                    "pool": {"min_size": 2, "max_size": 5, "timeout": 0.2, "check": None},
                    "connect_timeout": 2,
                    "server_side_binding": False,
                }
            },
        ),
    ],
)
def test_replica_of_environment__is_set_and_not_waited_for(
    variables: dict[str, object], expected: dict[str, object]
) -> None:
    urls = {"DATABASE_URL": URL, "DATABASE_REPLICA_URL": REPLICA}
    database = settings_of(**urls, **variables)["DATABASES"]["replica"]
    assert {key: database[key] for key in expected} == expected


def test_page_for_debugging__does_not_show_the_password() -> None:
    code = """
import os
from django.test import RequestFactory
from django.views.debug import ExceptionReporter
request = RequestFactory().get("/", **os.environ)  # as runserver does
page = ExceptionReporter(request, ValueError, ValueError("an error"), None).get_traceback_html()
print("DATABASE_URL" in page, "s3cret" in page)
"""
    urls = {
        "DATABASE_URL": "postgres://user:s3cret@host/name",
        "DATABASE_REPLICA_URL": "postgres://user:s3cret@replica/name",
    }
    assert printed(shell(code, **urls, ALLOWED_HOSTS="testserver")) == "True False"


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("", PROJECT / "backups"),
        ("data/here", PROJECT / "data/here"),
        ("~/data", Path("/home/some user/data")),
        ("/data", Path("/data")),
    ],
)
def test_rollback_backup_dir__becomes_an_absolute_path(value: str, path: Path) -> None:
    settings = settings_of(ROLLBACK_BACKUP_DIR=value, HOME="/home/some user")
    assert settings["ROLLBACK_BACKUP_DIR"] == path


def test_embedded_server__is_in_the_directory_of_its_variable() -> None:
    database = settings_of(EMBEDDED_POSTGRES_DIR="data/here")["DATABASES"]["default"]
    default = settings_of()["DATABASES"]["default"]
    assert (database["EMBEDDED_POSTGRES_DIR"], default["EMBEDDED_POSTGRES_DIR"]) == (
        PROJECT / "data/here",
        PROJECT / ".postgres",
    )


@pytest.fixture(scope="module")
def prepared_server() -> Iterator[Server]:
    with password_server() as server:
        server.execute("CREATE DATABASE enums", "CREATE DATABASE migrated")
        server.execute("CREATE TYPE mood AS ENUM ('sad', 'happy')", database="enums")
        yield server


ASK = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT current_setting('TimeZone'), ARRAY['sad']::mood[]")
    print(*cursor.fetchone())
"""


@pytest.mark.parametrize("variables", [{}, {"DATABASE_POOL_SIZE": 3}, {"DATABASE_CONN_MAX_AGE": 9}])
def test_connection_of_any_kind__has_the_time_zone_of_the_project_and_reads_enum_arrays(
    prepared_server: Server, variables: dict[str, object]
) -> None:
    process = shell(ASK, DATABASE_URL=prepared_server.url("enums"), **variables)
    assert printed(process) == "UTC ['sad']"


def test_connection_from_a_pool__is_returned_to_it(prepared_server: Server) -> None:
    code = """
from django.db import connection
for _ in range(2):
    connection.ensure_connection()
    print(connection.connection.info.backend_pid)
    connection.close()
print(connection.pool.max_size, connection.pool.get_stats()["requests_num"])
"""
    process = shell(code, DATABASE_URL=prepared_server.url("enums"), DATABASE_POOL_SIZE=1)
    first, second, *pool = printed(process).split()
    assert (first, pool) == (second, ["1", "2"])


@pytest.fixture(scope="module")
def bouncer(prepared_server: Server) -> Iterator[Server]:
    if PGBOUNCER is None:
        pytest.skip("needs PgBouncer, e.g. Debian's package pgbouncer")
    with pgbouncer(prepared_server) as bouncer:
        yield bouncer


@pytest.fixture(scope="module")
def pooled_url(bouncer: Server) -> str:
    """Return the URL of a database that was migrated through PgBouncer."""
    url = bouncer.url("migrated")
    printed(manage("migrate", DATABASE_URL=url))
    return url


def test_migrate_through_pgbouncer__leaves_nothing_to_do(pooled_url: str) -> None:
    assert printed(manage("migrate", "--check", DATABASE_URL=pooled_url)) == ""


# PgBouncer has two connections to the server. While a client holds one, others get the second.
OTHER_CLIENT = """
import psycopg
from django.conf import settings

database = settings.DATABASES["default"]
other = psycopg.connect(
    dbname=database["NAME"], host=database["HOST"], port=database["PORT"], user=database["USER"]
)
"""


def test_iterator_through_pgbouncer__survives_a_change_of_the_connection(pooled_url: str) -> None:
    code = f"""
{OTHER_CLIENT}
from django.contrib.contenttypes.models import ContentType
rows = ContentType.objects.iterator(chunk_size=2)
next(rows)
other.execute("SELECT 'a transaction'")
print(1 + len(list(rows)) == ContentType.objects.count() > 2)
other.close()
"""
    assert printed(shell(code, DATABASE_URL=pooled_url)) == "True"


@pytest.mark.parametrize("binding", ["off", "on"])
def test_query_through_pgbouncer_after_one_of_another_client__is_undisturbed(
    bouncer: Server, binding: str
) -> None:
    code = f"""
{OTHER_CLIENT}
{ASK}
other.execute("SET TIME ZONE 'Asia/Kathmandu'")
other.commit()
{ASK}
other.execute("SELECT 'a transaction'")
{ASK}
other.close()
"""
    variables = {"DATABASE_URL": bouncer.url("enums"), "DATABASE_SERVER_SIDE_BINDING": binding}
    assert printed(shell(code, **variables)).splitlines() == ["UTC ['sad']"] * 3
