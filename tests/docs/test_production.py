"""The section "Production" of README.md, run in a copy of the project, and the resulting site."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from config.environment import VARIABLES
from config.project import own_apps
from tests.docs.copies import copy_project
from tests.support.databases import new_database
from tests.support.processes import PATIENCE, PROJECT, environment, eventually
from tests.support.servers import accepts, reserved_port

SERVER = ".venv/bin/gunicorn"
TESTED_ELSEWHERE = re.compile("-m venv|-m pip|manage.py migrate|manage.py createsuperuser")
BEHIND_PROXY = {"Host": "learn.example.org", "X-Forwarded-Proto": "https"}
REQUEST_ID = "0123456789abcdef"


class Site:
    """The site that gunicorn serves, and its log."""

    def __init__(self, port: int, log: Path) -> None:
        self.port, self.log = port, log

    def get(self, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as client:
            client.request("GET", path, headers=headers)
            response = client.getresponse()
            return response, response.read()


@pytest.fixture(scope="module")
def site(
    migrated: str, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("production")
    copy = copy_project(root)
    (copy / ".venv").symlink_to(sys.prefix)
    variables = environment(LOG_FORMAT="json")
    for name in {*VARIABLES} - {"LOG_FORMAT"}:
        del variables[name]  # the section's .env sets them
    with (
        django_db_blocker.unblock(),
        new_database(migrated) as database,
        reserved_port() as port,
    ):
        site = Site(port, root / "log")
        variables["GUNICORN_CMD_ARGS"] = f"--bind=127.0.0.1:{port}"
        script = commands_of_readme().replace("postgres:///learning_platform", database.url)
        subprocess.run(["bash", "-ec", script], cwd=copy, env=variables, check=True)
        with (
            site.log.open("w") as log,
            subprocess.Popen([SERVER], cwd=copy, env=variables, stdout=log) as server,
        ):
            assert eventually(lambda: accepts(site.port))
            yield site
            server.send_signal(signal.SIGTERM)


def commands_of_readme() -> str:
    """Return the commands of the section, except the last, which starts the server."""
    section = (PROJECT / "README.md").read_text().partition("\n## Production\n")[2]
    lines = re.findall("^    (.*)", section.partition("\n## ")[0], re.MULTILINE)
    assert lines.pop() == SERVER
    return "\n".join(line for line in lines if not TESTED_ELSEWHERE.search(line))


def test_site__serves_its_page_with_compressed_files_that_browsers_keep(site: Site) -> None:
    response, page = site.get("/admin/login/", **BEHIND_PROXY)
    assert response.status == 200
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.decode())
    assert files
    for path in files:
        response, _ = site.get(path, **BEHIND_PROXY, **{"Accept-Encoding": "gzip"})
        assert (response.status, response.headers["Content-Encoding"]) == (200, "gzip"), path
        assert response.headers["Cache-Control"] == "max-age=315360000, public, immutable"


def test_site_over_http__redirects_all_but_probes(site: Site) -> None:
    assert site.get("/admin/", Host="learn.example.org")[0].status == 301
    assert site.get("/readyz", Host="10.0.0.7")[1] == b"ok\n"


def test_log_of_the_site__is_json_without_query_strings(site: Site) -> None:
    site.get("/healthz?q=ann@example.org", **{"X-Request-ID": REQUEST_ID})
    assert eventually(lambda: REQUEST_ID in site.log.read_text())
    lines = [json.loads(line) for line in site.log.read_text().splitlines()]
    assert any(line["message"].startswith("Starting gunicorn") for line in lines)
    [line] = [line for line in lines if line.get("request_id") == REQUEST_ID]
    wanted = ("logger", "method", "path", "status", "bytes")
    assert [line[name] for name in wanted] == ["gunicorn.access", "GET", "/healthz", 200, 3]
    assert "ann@" not in site.log.read_text()


def test_image__contains_every_app_and_does_not_run_as_root() -> None:
    let_in = (PROJECT / ".dockerignore").read_text().splitlines()
    packages = {config.name.partition(".")[0] for config in own_apps()} | {"config"}
    assert {f"!{package}" for package in packages} <= {*let_in}
    dockerfile = (PROJECT / "Dockerfile").read_text()
    *_, user = re.findall(r"^USER (\w+)$", dockerfile, re.MULTILINE)
    assert int(user) > 0
    installs = re.findall(r"pip .*\binstall\b.*", dockerfile)
    assert [line for line in installs if "--require-hashes" not in line] == []
