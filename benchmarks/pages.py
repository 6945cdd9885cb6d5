"""All pages of the admin site, which benchmarks/admin.py requests."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import combinations
from typing import Any
from urllib.parse import parse_qsl

from django.contrib import admin
from django.db import connection, models
from django.test import RequestFactory
from django.urls import reverse

from benchmarks.longest_lists import most_or_none
from config.admin import RangeFilter, RecordFilter

SAMPLE = 1_000
"""The number of rows that supply values for filters and searches."""
NO_KEY = "00000000-0000-7000-8000-000000000000"
SEARCHES = {
    "one letter": "a",
    "two words": "the learning",
    "nothing": "zqxjkvbw",
    "markup": "<script>alert(1)</script>",
    "a uuid": NO_KEY,
}

type Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """A request to a page."""

    kind: str
    name: str
    """The name of the page, which is the same in every database, so that times can be compared."""
    address: str
    parameters: Parameters = field(default_factory=dict)
    method: str = "GET"


def every_page(user: Any) -> Iterator[Page]:
    for model, model_admin in admin.site._registry.items():
        yield from Pages(model, model_admin, user)
    for name in ("dashboard", "schema"):
        yield Page(name, name, reverse(f"admin_pages:{name}"))
    yield Page("verified", "schema, verified", reverse("admin_pages:schema"), method="POST")
    for title, word in SEARCHES.items():
        yield Page("palette", f"palette: {title}", reverse("admin:search"), {"s": word})


class Pages:
    """The pages of one model."""

    def __init__(self, model: type[models.Model], model_admin: Any, user: Any) -> None:
        self.model, self.admin = model, model_admin
        self.request = RequestFactory().get("/")
        self.request.user = user
        self.sample = list(model._base_manager.filter(pk__in=_some_keys(model)).order_by("pk"))
        self.list = self._url("changelist")

    def __iter__(self) -> Iterator[Page]:
        yield from self._lists()
        yield from self._filters()
        yield from self._searches()
        yield from self._records()
        yield from self._completions()

    def _page(self, kind: str, name: str, address: str, *args: Any, **more: Any) -> Page:
        return Page(kind, f"{self.model.__name__} {kind}: {name}", address, *args, **more)

    def _url(self, name: str, *args: Any) -> str:
        opts = self.model._meta
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=args)

    # Lists

    def _lists(self) -> Iterator[Page]:
        yield self._page("list", "list", self.list)
        for number in (2, 100, 200):
            yield self._page("paging", f"page {number}", self.list, {"p": number})
        for column, heading in enumerate(self.admin.list_display, 1):
            for way in ("", "-"):
                order = {"o": f"{way}{column}"}
                yield self._page("sorting", f"by {way}{heading}", self.list, order)
        for format_ in ("csv", "json"):
            yield self._page("export", format_, self._url("export", format_))

    def _filters(self) -> Iterator[Page]:
        changelist = self.admin.get_changelist_instance(self.request)
        choices = {
            spec.title: dict(self._choices(spec, changelist)) for spec in changelist.filter_specs
        }
        for title, named in choices.items():
            for choice, parameters in named.items():
                yield self._page("filter", f"{title}: {choice}", self.list, parameters)
        for one, other in combinations(choices, 2):
            for a, b in _some_pairs(choices[one], choices[other]):
                name = f"{one}: {a}, {other}: {b}"
                both = {**choices[one][a], **choices[other][b]}
                yield self._page("two filters", name, self.list, both)

    def _choices(self, spec: Any, changelist: Any) -> Iterator[tuple[str, Parameters]]:
        if isinstance(spec, RecordFilter):
            yield from self._related(spec)
        elif isinstance(spec, RangeFilter):
            yield from self._ranges(spec)
        else:
            for choice in list(spec.choices(changelist))[1:]:
                query = parse_qsl(choice["query_string"].removeprefix("?"))
                yield str(choice["display"]), dict(query)

    def _ranges(self, spec: Any) -> Iterator[tuple[str, Parameters]]:
        start, end = f"{spec.field_path}_from", f"{spec.field_path}_to"
        values = sorted(
            value for row in self.sample if (value := getattr(row, spec.field_path)) is not None
        )
        if not values:
            return
        times = isinstance(values[0], date)
        least, middle, most = (
            _typed(value) for value in (values[0], values[len(values) // 2], values[-1])
        )
        yield "few, least", {start: least, end: least}
        yield "lower half", {end: middle}
        yield "upper half", {start: middle}
        yield "most", {start: most}
        yield "nothing", {start: "2100-01-01" if times else "1000000000"}
        yield "nothing below", {end: "1990-01-01" if times else "-1"}

    def _related(self, spec: Any) -> Iterator[tuple[str, Parameters]]:
        name = spec.field.attname
        keys = [key for row in self.sample if (key := getattr(row, name)) is not None]
        if keys:
            yield "some", {spec.lookup_kwarg: keys[len(keys) // 2]}
            yield (
                "one with most",
                {spec.lookup_kwarg: most_or_none(self.model._base_manager.all(), name)},
            )
        yield "no such", {spec.lookup_kwarg: NO_KEY}
        if spec.field.null:
            yield "none", {spec.lookup_kwarg_isnull: "True"}

    # Searches

    def _searches(self) -> Iterator[Page]:
        for title, word in {**SEARCHES, **self._words()}.items():
            yield self._page("search", title, self.list, {"q": word})
            yield self._page("search, sorted", title, self.list, {"q": word, "o": "-1"})

    def _words(self) -> dict[str, str]:
        """Return rare and frequent words, and beginnings of texts."""
        found: dict[str, str] = {}
        for number, path in enumerate(self.admin.search_fields):
            plain = path.removesuffix("__exact").removesuffix("__startswith")
            rows = self.model._base_manager.filter(pk__in=[row.pk for row in self.sample])
            texts = [str(text) for text in rows.values_list(plain, flat=True) if text]
            if not texts:
                continue
            words = [word for text in texts for word in text.split()]
            by_number = sorted(set(words), key=lambda word: (words.count(word), word))
            found[f"{number} seldom"], found[f"{number} often"] = by_number[0], by_number[-1]
            found[f"{number} whole"] = texts[0]
            found[f"{number} beginning"] = texts[0][:3]
            found[f"{number} half"] = texts[0][: len(texts[0]) // 2]
        return found

    # Records

    def _records(self) -> Iterator[Page]:
        rows = {"some row": self.sample[len(self.sample) // 2].pk} if self.sample else {}
        for relation in self.model._meta.related_objects:
            child, name = relation.related_model, relation.field.attname
            if key := most_or_none(child._base_manager.all(), name):
                rows[f"most {child.__name__} ({name})"] = key
        for title, key in rows.items():
            for name in self._names_of_pages():
                kind = name.rpartition("_")[2]
                yield self._page(kind, title, reverse(f"admin:{name}", args=[key]))
        if self.admin.has_add_permission(self.request):
            yield self._page("add", "add", self._url("add"))
        if self.admin.has_delete_permission(self.request):
            yield from self._deletions(list(dict.fromkeys(rows.values())))

    def _names_of_pages(self) -> Iterator[str]:
        """Yield the names of the pages about a record, such as change, history and delete."""
        for pattern in self.admin.get_urls():
            of_a_record = {"object_id", "id"} & set(pattern.pattern.converters)
            allowed = self.admin.has_delete_permission(self.request) or "delete" not in str(pattern)
            if pattern.name and of_a_record and allowed:
                yield pattern.name

    def _deletions(self, worst: list[Any]) -> Iterator[Page]:
        keys = [*worst, *(row.pk for row in self.sample[:50])][:50]
        form = {"action": "delete_selected", "_selected_action": keys}
        yield self._page("delete selected", "50 rows", self.list, form, method="POST")

    def _completions(self) -> Iterator[Page]:
        opts = self.model._meta
        for key in opts.concrete_fields:
            if not key.is_relation:
                continue
            parameters = {
                "app_label": opts.app_label,
                "model_name": opts.model_name,
                "field_name": key.name,
            }
            for title, word in {"": "", **SEARCHES, "e-mail": "ma"}.items():
                name, address = f"{key.name} {title}", reverse("admin:autocomplete")
                yield self._page("autocompletion", name, address, {**parameters, "term": word})
            name = f"{key.name}, page 2"
            yield self._page("autocompletion", name, address, {**parameters, "term": "", "page": 2})


def _some_pairs(one: Iterable[str], other: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pair of the first choices, and the pair of the second choices."""
    return list(zip(list(one)[:2], list(other)[:2], strict=False))


def _typed(value: Any) -> str:
    return value.date().isoformat() if isinstance(value, datetime) else str(value)


def _some_keys(model: type[models.Model]) -> list[Any]:
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        [rows] = cursor.fetchone()
        percent = min(100, 100 * 3 * SAMPLE / max(rows, 1))
        cursor.execute(
            f"SELECT {key} FROM {table} TABLESAMPLE SYSTEM ({percent}) REPEATABLE (1)"  # noqa: S608
            f" LIMIT {SAMPLE}"
        )
        return [key for [key] in cursor.fetchall()]
