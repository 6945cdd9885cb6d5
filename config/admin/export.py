"""Exports of lists as CSV or JSON, streamed so that memory holds only `PIECE` rows."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextvars import Context, copy_context
from itertools import chain
from typing import Any

from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path

from config.admin.bounds import QuerySet
from config.replica import reads_replica

SECRETS = frozenset({"password", "verification_token", "password_reset_token"})
"""Fields that must not be shown, exported or used in filters."""
PIECE = 2_000
"""The number of rows that one query reads."""
FORMULA = tuple(
    "=+-@\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}"
    "\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
)
"""The characters that begin a formula in a spreadsheet."""
FOR_EXCEL = "excel"
"""The parameter that adds a byte order mark to an export as CSV.

Without the mark, Excel reads UTF-8 as another encoding. Other programs read the mark as data.
"""
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"

type Fields = Sequence[Any]
type Rows = Iterator[tuple[Any, ...]]


def read(rows: QuerySet, fields: Fields) -> Rows:
    """Return the values of each row, in the order of the keys.

    The rows are read while the response is sent, in a copy of the context of the request. This
    context determines whether the replica may be read.
    """
    values = rows.order_by("pk").values_list("pk", *map(_expression, fields))
    return _in_pieces(values, copy_context())


def _in_pieces(values: QuerySet, context: Context) -> Rows:
    """Yield the rows. Each query begins after the last key of the previous one.

    A server-side cursor is simpler, but does not work through PgBouncer.
    """
    piece = context.run(_piece, values)
    while piece:
        yield from (row[1:] for row in piece)
        piece = context.run(_piece, values.filter(pk__gt=piece[-1][0]))


@reads_replica
def _piece(values: QuerySet) -> list[tuple[Any, ...]]:
    return list(values[:PIECE])


def _expression(field: Any) -> Any:
    is_document = isinstance(field, models.JSONField)
    return Cast(field.attname, DocumentField()) if is_document else field.attname


class Document(str):
    """JSON text as PostgreSQL wrote it, with all digits of its numbers."""

    __slots__ = ()


class DocumentField(models.TextField):  # type: ignore[type-arg]  # not generic at run time
    """A column of JSON documents that are read as text."""

    def from_db_value(self, value: str | None, *_: Any) -> Document | None:
        return None if value is None else Document(value)


def write_csv(names: Sequence[str], rows: Rows) -> Iterator[str]:
    """Yield CSV lines. Text is quoted and NULL is not, so that COPY can tell NULL from empty text.

    Text that begins like a formula gets an apostrophe in front, so that spreadsheets do not run it.
    JSON keeps such text unchanged.
    """
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_STRINGS)
    yield ",".join(names) + "\r\n"
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def write_json(names: Sequence[str], rows: Rows) -> Iterator[str]:
    """Yield a JSON array with one object per line."""
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


class ExportOptions:
    """The part of ModelAdmin that exports the rows of a list."""

    opts: Any
    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/<format_>/", view, name=name), *super().get_urls()]

    def export_view(
        self, request: HttpRequest, format_: str
    ) -> StreamingHttpResponse | HttpResponse:
        """Return all pages of the filtered list as a file named after the table.

        If the address has mistakes, list them in a response with status 400. Raise PermissionDenied
        or, for an unknown format, Http404.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        if format_ not in FORMATS:
            raise Http404(f"There is no export as {format_}.")
        request.GET = request.GET.copy()
        start = [BYTE_ORDER_MARK] if format_ == "csv" and _pop_excel_parameter(request) else []
        changelist = self.get_changelist_instance(request)
        wrong = [mistake.sentence for mistake in changelist.mistakes]
        if PAGE_VAR in request.GET:
            wrong.append(f"{PAGE_VAR}: an export has no pages.")
        if wrong:
            return HttpResponse("\n".join(wrong), status=400, content_type="text/plain")
        fields = [field for field in self.opts.concrete_fields if field.name not in SECRETS]
        rows = read(changelist.queryset.select_related(None), fields)
        content_type, write = FORMATS[format_]
        name = f"{self.opts.db_table}.{format_}"
        return StreamingHttpResponse(
            chain(start, write([field.column for field in fields], rows)),
            content_type=content_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


def _pop_excel_parameter(request: HttpRequest) -> bool:
    """Remove the parameter for Excel if it has no value, and return whether it was removed."""
    return request.GET.getlist(FOR_EXCEL) == [""] and bool(request.GET.pop(FOR_EXCEL))


class _Echo:
    """A file whose write() returns the text, so that csv.writer returns each line."""

    def write(self, text: str) -> str:
        return text


def _cell(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, str) and not isinstance(value, Document) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _json(value: Any) -> str:
    """Return `value` as JSON. Times keep their microseconds, which Django's encoder cuts off."""
    if isinstance(value, Document):
        return value
    if hasattr(value, "isoformat"):
        value = value.isoformat()
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
