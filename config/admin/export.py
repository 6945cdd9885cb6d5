"""Rows as CSV or JSON, a piece at a time: neither side holds more than a piece in memory."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
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
    values = rows.order_by("pk").values_list("pk", *(field.attname for field in fields))
    piece = list(values[:PIECE])
    while piece:
        yield from (row[1:] for row in piece)
        piece = list(values.filter(pk__gt=piece[-1][0])[:PIECE])


def write_csv(names: Sequence[str], rows: Rows) -> Iterator[str]:
    """Text that a spreadsheet would take for a formula begins with an apostrophe."""
    writer = csv.writer(_Echo())
    yield writer.writerow(names)
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def write_json(names: Sequence[str], rows: Rows) -> Iterator[str]:
    """An array of objects, one on a line."""
    before = "[\n"
    for row in rows:
        document = dict(zip(names, row, strict=True))
        yield before + json.dumps(document, cls=DjangoJSONEncoder, ensure_ascii=False)
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
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
