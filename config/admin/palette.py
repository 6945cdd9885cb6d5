"""The records that the search palette (Ctrl K) finds, within a time limit.

The palette searches only columns of the table itself. The search of a list includes related tables.
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
from config.admin.paths import paths_for_str, select_names
from config.admin.related_records import icon, list_url
from config.admin.search import Search
from config.replica import reader

SHORTEST = 2
"""The length of the shortest term for which records are searched."""
FOUND = 3
"""The maximum number of records of each table that are shown."""
SCANNED_ROWS = 20_000
"""The number of rows up to which a table is scanned. Larger tables are searched only by index."""
MILLISECONDS = 300
"""The time limit of each query of a search."""


def find_records(request: HttpRequest, term: str) -> list[SearchResult]:
    """Return the first matches in each table, and links to tables that were not fully searched."""
    admins = [
        model_admin
        for model_admin in admin.site._registry.values()
        if len(term) >= SHORTEST and model_admin.has_view_permission(request)
    ]
    if not admins:
        return []
    sizes = estimates(model_admin.model for model_admin in admins)
    large = [model_admin for model_admin in admins if sizes[model_admin.model] > SCANNED_ROWS]
    try:
        with at_most(MILLISECONDS):
            keys = _keys(term, admins, large)
            found = [result for each, pks in keys.items() for result in _results(each, pks)]
    except TooSlowError:
        found, large = [], admins
    return found + [_unsearched(each, term) for each in large if _fields(each)[1]]


def _keys(term: str, admins: Sequence[Any], large: Sequence[Any]) -> dict[Any, list[Any]]:
    keys: dict[Any, list[Any]] = {}
    for number, key in matches(term, admins, large):
        keys.setdefault(admins[number], []).append(key)
    return keys


def matches(term: str, admins: Sequence[Any], large: Sequence[Any]) -> QuerySet:
    """Return the first matches in each table, as the table's index in `admins` and the key."""
    parts = []
    for number, model_admin in enumerate(admins):
        indexed, scanned = _fields(model_admin)
        fields = indexed if model_admin in large else [*indexed, *scanned]
        rows = Search(tuple(fields), term).matching(model_admin.model._base_manager.all())
        parts.append(rows.order_by().values_list(Value(number), "pk")[:FOUND])
    return parts[0].union(*parts[1:], all=True)


def _fields(model_admin: Any) -> tuple[list[str], list[str]]:
    """Return the search fields on columns of the table: with an index, and without an index."""
    names = dict.fromkeys((f"{model_admin.opts.pk.name}__exact", *model_admin.search_fields))
    leading = _leading(model_admin.opts)
    lookups = {"exact", "startswith"} if getattr(reader(), "sorts_by_bytes", True) else {"exact"}
    indexed: list[str] = []
    scanned: list[str] = []
    for name in names:
        column, _, lookup = name.partition("__")
        if not model_admin.opts.get_field(column).is_relation:
            (indexed if lookup in lookups and column in leading else scanned).append(name)
    return indexed, scanned


def _leading(opts: Any) -> set[str]:
    """Return the first columns of keys, indexes and unique constraints, except partial ones."""
    parts = [*opts.indexes, *opts.constraints]
    lists = [getattr(part, "fields", ()) for part in parts if not getattr(part, "condition", None)]
    unique = [field.name for field in opts.concrete_fields if field.unique]
    return {fields[0] for fields in lists if fields}.union(unique)


def _results(model_admin: Any, keys: list[Any]) -> list[SearchResult]:
    parent = _parent(model_admin)
    rows = select_names(model_admin.model._base_manager.filter(pk__in=keys))
    if parent:
        rows = rows.select_related(*paths_for_str(model_admin.model, parent), *model_admin.named_by)
    return [_result(row, parent) for row in rows]


def _parent(model_admin: Any) -> str:
    """Return the first foreign key, because the name of its record helps to tell rows apart."""
    return next((field.name for field in model_admin.opts.concrete_fields if field.is_relation), "")


def _result(row: Any, parent: str) -> SearchResult:
    title, kind = str(row), str(capfirst(row._meta.verbose_name))
    above = str(getattr(row, parent, None) or "") if parent else ""
    place = f"{kind} of {above}" if above and above not in title else kind
    return SearchResult(_short(title), _short(place), url_of(row), icon(type(row)))


def _unsearched(model_admin: Any, term: str) -> SearchResult:
    plural = model_admin.opts.verbose_name_plural
    address = f"{list_url(model_admin.model)}?{urlencode({'q': term})}"
    title = f"Search the {plural} for “{_short(term)}”"
    return SearchResult(
        title, f"Too many {plural} to search here", address, icon(model_admin.model)
    )


def _short(text: str) -> str:
    return Truncator(text).chars(80)
