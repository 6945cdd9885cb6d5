"""Logs with one line for each record, as text or as JSON."""

import json
import logging
import sys
from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime

import psycopg
from django.http import HttpRequest

from config.console import driver_error, explain, is_server_lost, printable
from config.serving.request_ids import current_request


class TextFormatter(logging.Formatter):
    """A formatter that writes each message on one line, even if it contains line breaks."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(_without_traceback(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        return printable(super().formatMessage(record)).replace("\n", "\\n")


class JsonFormatter(logging.Formatter):
    """A formatter that writes each record as one line of JSON.

    Query strings are left out, because filters and searches contain personal data.
    """

    def format(self, record: logging.LogRecord) -> str:
        record = _without_traceback(record)
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_request_fields(record),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str)


def _without_traceback(record: logging.LogRecord) -> logging.LogRecord:
    """Return the record with a reason instead of the traceback if the database was lost.

    Without the database every request fails, so the place in the code does not matter.
    """
    error = record.exc_info[1] if record.exc_info else None
    is_of_connection = isinstance(driver_error(error), psycopg.OperationalError)
    if not (error and is_of_connection and is_server_lost(error)):
        return record
    short = copy(record)
    short.msg, short.args = f"{record.getMessage()}: {explain(error)}", ()
    short.exc_info = short.exc_text = None
    return short


def _request_fields(record: logging.LogRecord) -> dict[str, object]:
    """Return the fields of the record's request or, without one, of the current request."""
    if record.name == "gunicorn.access" and isinstance(record.args, Mapping):
        return {name: convert(record.args[atom]) for name, (atom, convert) in ACCESS_FIELDS.items()}
    request = getattr(record, "request", None) or current_request.get()
    if not isinstance(request, HttpRequest):  # a record of runserver has a socket as its request
        return {}
    fields: dict[str, object] = {
        "request_id": request.META.get("REQUEST_ID"),
        "method": request.method,
        "path": request.path,
    }
    status = getattr(record, "status_code", None)
    return fields | ({"status": status} if status else {})


ACCESS_FIELDS: Mapping[str, tuple[str, type]] = {
    "request_id": ("{x-request-id}o", str),
    "method": ("m", str),
    "path": ("U", str),
    "status": ("s", int),
    "bytes": ("B", int),
    "seconds": ("L", float),
}
"""The fields of a record of gunicorn.access: the name of each, gunicorn's name and the type."""


def log_to_stdout() -> None:
    """Send the logs of a server to stdout. The logs of a command stay on stderr."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
            handler.setStream(sys.stdout)
