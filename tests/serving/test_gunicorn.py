"""The site as gunicorn serves it, with the variables of production."""

import json
import signal
import subprocess
import sys
from http.client import HTTPConnection
from typing import Any

from tests.support.processes import PROJECT, environment, eventually
from tests.support.servers import accepts, free_port
from tests.test_settings import PRODUCTION

ID = "0123456789abcdef"


def test_log_of_gunicorn_as_json__has_its_own_lines_and_one_for_each_request() -> None:
    port = free_port()
    variables = PRODUCTION | {"LOG_FORMAT": "json", "WEB_CONCURRENCY": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", f"--bind=127.0.0.1:{port}"],
        cwd=PROJECT,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert eventually(lambda: accepts(port))
        client = HTTPConnection("127.0.0.1", port)
        client.request("GET", "/healthz?q=ann@example.org", headers={"X-Request-ID": ID})
        assert client.getresponse().read() == b"ok\n"
    finally:
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    lines: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    [access] = [line for line in lines if line["logger"] == "gunicorn.access"]
    wanted = ("request_id", "method", "path", "status", "bytes")
    assert [access[name] for name in wanted] == [ID, "GET", "/healthz", 200, 3]
    assert any(line["message"].startswith("Starting gunicorn") for line in lines)
    assert "ann@" not in out
