"""Rows as CSV or JSON, a piece at a time: neither side holds more than a piece in memory."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Cast
from django.http import StreamingHttpResponse

from config.admin.bounds import QuerySet

PIECE = 2_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")

type Fields = Sequence[Any]
type Rows = Iterator[tuple[Any, ...]]


def respond(rows: QuerySet, fields: Fields, format_: str) -> StreamingHttpResponse:
    """A file to download, named after the table."""
    content_type, write = FORMATS[format_]
    pieces = write([field.column for field in fields], read(rows, fields))
    name = f"{rows.model._meta.db_table}.{format_}"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(pieces, content_type=content_type, headers=disposition)


def read(rows: QuerySet, fields: Fields) -> Rows:
    """The values of the rows, in the order of their keys.

    Each piece begins behind the last key: a cursor on the server would do the same, but not behind
    a PgBouncer.
    """
    values = rows.order_by("pk").values_list("pk", *map(_read, fields))
    piece = list(values[:PIECE])
    while piece:
        yield from (row[1:] for row in piece)
        piece = list(values.filter(pk__gt=piece[-1][0])[:PIECE])


def _read(field: Any) -> Any:
    is_document = isinstance(field, models.JSONField)
    return Cast(field.attname, DocumentField()) if is_document else field.attname


class Document(str):
    """JSON as PostgreSQL writes it: Python has no number that is as long, or as exact."""

    __slots__ = ()


class DocumentField(models.TextField):  # type: ignore[type-arg]  # no subscripts when it runs
    """The type of a document that is read as text."""

    def from_db_value(self, value: str | None, *_: Any) -> Document | None:
        return None if value is None else Document(value)


def write_csv(names: Sequence[str], rows: Rows) -> Iterator[str]:
    """Text is in quotes and NULL is not, as COPY has it.

    Text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_STRINGS)
    yield ",".join(names) + "\r\n"
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def write_json(names: Sequence[str], rows: Rows) -> Iterator[str]:
    """An array of objects, one on a line."""
    before = "[\n"
    for row in rows:
        members = (f"{_json(name)}: {_json(value)}" for name, value in zip(names, row, strict=True))
        yield f"{before}{{{', '.join(members)}}}"
        before = ",\n"
    yield "\n]\n" if before != "[\n" else "[]\n"


FORMATS: dict[str, tuple[str, Callable[[Sequence[str], Rows], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", write_csv),
    "json": ("application/json", write_json),
}


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _cell(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, str) and not isinstance(value, Document) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _json(value: Any) -> str:
    """Times to the microsecond, which Django's encoder cuts off."""
    if isinstance(value, Document):
        return value
    if hasattr(value, "isoformat"):
        value = value.isoformat()
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
