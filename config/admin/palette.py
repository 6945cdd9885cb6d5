"""The records that the search palette finds while the user types, within a short time.

Each table is searched by its own columns only. Its list searches related records as well.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Value
from django.http import HttpRequest
from django.utils.http import urlencode
from django.utils.text import Truncator, capfirst
from unfold.dataclasses import SearchResult

from config.admin.bounds import QuerySet, TooSlowError, at_most, estimates
from config.admin.columns import url_of
from config.admin.paths import select_names, with_names
from config.admin.related_records import icon, list_url
from config.admin.search import Search

SHORTEST = 2
"""The length of the shortest term for which records are searched."""
FOUND = 3
"""The number of records that are shown of each table."""
SCANNED_ROWS = 20_000
"""The most rows of a table in which parts of texts are searched, since that scans the table."""
MILLISECONDS = 300
"""The time limit of the search of all tables."""


def find_records(request: HttpRequest, term: str) -> list[SearchResult]:
    """Return the records of each table that match, and links to lists that were not searched."""
    admins = [
        related
        for related in admin.site._registry.values()
        if len(term) >= SHORTEST and related.has_view_permission(request)
    ]
    if not admins:
        return []
    sizes = estimates(related.model for related in admins)
    large = [related for related in admins if sizes[related.model] > SCANNED_ROWS]
    try:
        with at_most(MILLISECONDS):
            keys = _keys(term, admins, large)
            found = [result for related in keys for result in _results(related, keys[related])]
    except TooSlowError:
        found, large = [], admins
    return found + [_unsearched(related, term) for related in large if _fields(related)[1]]


def _keys(term: str, admins: Sequence[Any], large: Sequence[Any]) -> dict[Any, list[Any]]:
    """Return the keys of the first matches in each table, all found by one query."""
    keys: dict[Any, list[Any]] = {}
    for number, key in matches(term, admins, large):
        keys.setdefault(admins[number], []).append(key)
    return keys


def matches(term: str, admins: Sequence[Any], large: Sequence[Any]) -> QuerySet:
    """Return the first matches in each table: the position of the table, and the key."""
    parts = []
    for number, related in enumerate(admins):
        indexed, scanned = _fields(related)
        fields = indexed if related in large else [*indexed, *scanned]
        rows = Search(tuple(fields), term).matching(related.model._base_manager.all())
        parts.append(rows.order_by().values_list(Value(number), "pk")[:FOUND])
    return parts[0].union(*parts[1:], all=True)


def _fields(related: Any) -> tuple[list[str], list[str]]:
    """Return the search fields on the table's own columns: the indexed ones, and the others."""
    names = dict.fromkeys((f"{related.opts.pk.name}__exact", *related.search_fields))
    leading = _leading(related.opts)
    indexed: list[str] = []
    scanned: list[str] = []
    for name in names:
        column, _, lookup = name.partition("__")
        if not related.opts.get_field(column).is_relation:
            (indexed if lookup and column in leading else scanned).append(name)
    return indexed, scanned


def _leading(opts: Any) -> set[str]:
    """Return the first columns of keys, indexes and unique constraints, except partial ones."""
    parts = [*opts.indexes, *opts.constraints]
    lists = [getattr(part, "fields", ()) for part in parts if not getattr(part, "condition", None)]
    unique = [field.name for field in opts.concrete_fields if field.unique]
    return {fields[0] for fields in lists if fields}.union(unique)


def _results(related: Any, keys: list[Any]) -> list[SearchResult]:
    parent = _parent(related)
    rows = select_names(related.model._base_manager.filter(pk__in=keys))
    if parent:
        rows = rows.select_related(*with_names(related.model, parent), *related.named_by)
    return [_result(row, parent) for row in rows]


def _parent(related: Any) -> str:
    """Return the first foreign key: the record it refers to helps to tell rows apart."""
    return next((field.name for field in related.opts.concrete_fields if field.is_relation), "")


def _result(row: Any, parent: str) -> SearchResult:
    title, kind = str(row), str(capfirst(row._meta.verbose_name))
    above = str(getattr(row, parent, None) or "") if parent else ""
    place = f"{kind} of {above}" if above and above not in title else kind
    return SearchResult(_short(title), _short(place), url_of(row), icon(type(row)))


def _unsearched(related: Any, term: str) -> SearchResult:
    plural = related.opts.verbose_name_plural
    address = f"{list_url(related.model)}?{urlencode({'q': term})}"
    title = f"Search the {plural} for “{_short(term)}”"
    return SearchResult(title, f"Too many {plural} to search here", address, icon(related.model))


def _short(text: str) -> str:
    return Truncator(text).chars(80)
