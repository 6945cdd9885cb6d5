"""Lists of rows that open quickly for any size of the table and any filter."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from django import forms
from django.contrib.admin.utils import build_q_object_from_lookup_parameters
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.core.exceptions import FieldError, ValidationError
from django.core.paginator import Page, Paginator
from django.db import DEFAULT_DB_ALIAS, DataError, ProgrammingError
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from unfold.views import ChangeList as UnfoldChangeList

from config.admin.bounds import (
    COUNTING_MILLISECONDS,
    Count,
    QuerySet,
    TooSlowError,
    at_most,
    count_up_to,
    described,
    estimates,
)
from config.admin.export import FOR_EXCEL, FORMATS, SECRETS
from config.admin.filters import YES_OR_NO, CheckedFilter
from config.admin.search import search_problem
from config.admin.url_parameters import Mistake, contradictions, no_page, quoted, wrong_controls
from config.postgres.enums import EnumField
from config.replica import reader, reads_replica

LISTED_ROWS = 10_000
"""The maximum number of rows on all pages of a list. Filters lead to the other rows."""
NEWEST_ROWS = 20_000
"""The number of newest rows that a query scans if scanning all rows takes too long."""
WRONG_VALUES = (ValueError, TypeError, OverflowError, LookupError, ValidationError)
"""Exceptions that Django's lookups raise for values of the wrong type."""
ONLY_BITMAPS = {f"enable_{way}": "off" for way in ("seqscan", "indexscan", "indexonlyscan")}
"""Settings that allow only bitmap scans. The planner underestimates other scans with LIMIT."""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator that counts up to a bound, and finds the keys of a page before it reads rows.

    If counting takes too long and no index serves the filter, only a number of newest rows are
    searched, which is `newest`. If sorting takes too long, `sorted` is false.
    """

    object_list: Any
    newest: int | None = None
    sorted = True
    _found: Sequence[Any] = ()
    """The keys of matching rows, read if the first attempt to count took too long."""

    @cached_property
    def total(self) -> Count:
        """The number of matching rows."""
        total, from_replica = self._count_on_replica()
        # A replica may lag behind. If it has no rows yet, the primary may already have some.
        return self._count() if from_replica and not total else total

    @reads_replica
    def _count_on_replica(self) -> tuple[Count, bool]:
        """Return the count, and whether the replica was read instead of the primary."""
        return self._count(), reader().alias != DEFAULT_DB_ALIAS

    def _count(self) -> Count:
        try:
            with at_most(COUNTING_MILLISECONDS):
                return count_up_to(LISTED_ROWS, [self.object_list])[0]
        except TooSlowError:
            return self._count_keys()

    @cached_property
    def count(self) -> int:
        return self.total.number

    def page(self, number: int | str) -> "Page[Any]":
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        keys = self._keys_of_page(slice(first, first + self.per_page)) if self.total else []
        # Filter by key, because editable lists add conditions, which a slice does not accept.
        return self._get_page(self.object_list.filter(pk__in=keys), number, self)

    def _count_keys(self) -> Count:
        """Count the matches by an index or, if no index serves the filter, in the newest rows.

        If PostgreSQL expects matches throughout the table, it scans the whole table. An index finds
        the matches faster if they are close together.
        """
        rows = self.object_list.order_by()
        found = self._by_index(rows)
        self._found = self._in_newest(rows) if found is None else found
        return Count(min(len(self._found), LISTED_ROWS), len(self._found) <= LISTED_ROWS)

    def _by_index(self, rows: QuerySet) -> Sequence[Any] | None:
        try:
            with at_most(COUNTING_MILLISECONDS // 2, **ONLY_BITMAPS):
                served = "Bitmap" in rows.values("pk").explain()
                return _keys(rows, slice(LISTED_ROWS + 1)) if served else None
        except TooSlowError:
            return None

    def _in_newest(self, rows: QuerySet) -> Sequence[Any]:
        newest = rows.model._base_manager.order_by("-pk")
        oldest = _keys(newest, slice(NEWEST_ROWS - 1, NEWEST_ROWS))
        some = rows.filter(pk__gte=oldest[0]) if oldest else rows
        found = _keys(some, slice(LISTED_ROWS + 1))
        if oldest and len(found) <= LISTED_ROWS:
            self.newest = NEWEST_ROWS
        return found

    def _keys_of_page(self, part: slice) -> Sequence[Any]:
        try:
            with at_most(COUNTING_MILLISECONDS):
                return _keys(self._in_order(), part)
        except TooSlowError:
            self.sorted = False
            return self._found[part] or _keys(self.object_list.order_by(), part)

    def _in_order(self) -> QuerySet:
        """Return the rows in order. If few rows match, do not read them in the order of an index.

        In the order of an index, PostgreSQL may read most of the table to find the matches of one
        page. COALESCE hides the order from indexes, so PostgreSQL finds all matches and sorts them.
        """
        rows: QuerySet = self.object_list
        order = rows.query.order_by
        if self.total.exact and self._found:
            rows = rows.filter(pk__in=self._found)
        if self.total.exact and rows.query.where:
            order = [self._without_index(name) for name in order]
        return rows.order_by(*order) if order else rows

    def _without_index(self, order: Any) -> Any:
        opts = self.object_list.model._meta
        fields = {
            name: field for field in opts.concrete_fields for name in (field.name, field.attname)
        }
        name = order.removeprefix("-") if isinstance(order, str) else ""
        field = opts.pk if name == "pk" else fields.get(name)
        if field is None or isinstance(field, EnumField):  # COALESCE sorts labels as text
            return order
        if name != field.attname and field.is_relation and field.related_model._meta.ordering:
            return order  # Django sorts by the ordering of the related model
        value = Coalesce(name, name)
        return value.desc() if order.startswith("-") else value.asc()


def _keys(rows: QuerySet, part: slice) -> list[Any]:
    return list(rows.values_list("pk", flat=True)[part])


class SearchForm(forms.Form):
    """The search form of a list. ChangeList checks the words."""

    q = forms.Field(required=False)


class ChangeList(UnfoldChangeList):
    """One page of a list, with an exact, minimum or estimated number of rows.

    If the address has a parameter that the list does not understand, the page names the mistake and
    shows no rows.
    """

    search_form_class = SearchForm
    mistakes: list[Mistake]
    typed: dict[str, Any]
    """The lookups in the address that belong to no filter, such as `title__contains`."""

    def get_results(self, request: HttpRequest) -> None:
        self.address = request.GET
        try:
            self._read_page(request)
        except (DataError, ProgrammingError, *WRONG_VALUES) as error:
            # PostgreSQL finds a wrong regular expression or number only when it runs the query.
            is_refused = isinstance(error, (DataError, ProgrammingError))
            reason = str(error).partition("\n")[0] if is_refused else "not a value of this filter"
            names = self.typed or {SEARCH_VAR: ""}
            self.mistakes += [Mistake(name, f"{name}: {reason}.") for name in names]
            self._read_page(request)
        self.multi_page = self.result_count > self.list_per_page
        self.show_full_result_count = self.can_show_all = False
        self.full_result_count = self.result_count  # templates then show one count
        self.show_admin_actions = True
        self.vague = getattr(request, "vague", [])
        request.mistakes = self.mistakes

    def _read_page(self, request: HttpRequest) -> None:
        paginate, size = self.model_admin.get_paginator, self.list_per_page
        self.paginator = paginate(request, self.queryset, size)
        page = request.GET.get(PAGE_VAR, "1")
        if not self.mistakes:
            self.mistakes += no_page(page, self.paginator.num_pages)
        if self.mistakes:
            self.queryset = self.root_queryset.none()
            self.paginator = paginate(request, self.queryset, size)
        self.page_num = 1 if self.mistakes else int(page)
        read = reads_replica(self._rows_now) if self.model_admin.list_on_replica else self._rows
        self.result_list = read()
        self.result_count = self.paginator.count

    def _rows(self) -> QuerySet:
        return self.paginator.page(self.page_num).object_list

    def _rows_now(self) -> QuerySet:
        """Read the rows of the page before `reads_replica` returns to the primary."""
        rows = self._rows()
        len(rows)
        return rows

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet:
        """Return the rows joined with the records to show, or no rows if there is a mistake.

        Django itself joins these records only if `root_queryset` joins no others.
        """
        self.mistakes = [*wrong_controls(request.GET), *self._forbidden(request)]
        self.forbidden = {mistake.parameter for mistake in self.mistakes}
        if problem := search_problem(self.query):
            self.mistakes.append(Mistake(SEARCH_VAR, problem))
        rows: QuerySet = super().get_queryset(request, exclude_parameters)
        if self.mistakes:
            return self.root_queryset.none()
        return rows.select_related(*self.list_select_related) if self.list_select_related else rows

    def _forbidden(self, request: HttpRequest) -> Iterator[Mistake]:
        for name, values in super().get_filters_params().items():
            if SECRETS.intersection(name.split("__")):
                continue  # Django itself refuses the request, and logs it
            if not all(self.model_admin.lookup_allowed(name, value, request) for value in values):
                yield Mistake(name, f"This list cannot be filtered by {quoted(name)}.")

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Leave out forbidden parameters, because Django refuses a request that has them."""
        found = super().get_filters_params(params)
        return {name: values for name, values in found.items() if name not in self.forbidden}

    def get_filters(self, request: HttpRequest) -> tuple[Any, ...]:
        """Return the filters, and collect the mistakes in filters and other lookups."""
        specs, has, typed, duplicates, active = super().get_filters(request)
        several = set[str]()
        for spec in specs:
            if isinstance(spec, CheckedFilter):
                self.mistakes += spec.mistakes
                several |= set(spec.expected_parameters()) if spec.several else set()
        self.mistakes += contradictions(request.GET, several)
        self.mistakes += [
            mistake for name in typed if (mistake := self._wrong(name, typed[name], request))
        ]
        wrong = {mistake.parameter for mistake in self.mistakes}
        self.typed = {name: value for name, value in typed.items() if name not in wrong}
        return specs, has, self.typed, duplicates, active

    def _wrong(self, name: str, values: list[Any], request: HttpRequest) -> Mistake | None:
        """Return the mistake in the lookup `name`, if any. Django raises various exceptions."""
        typed = ", ".join(map(quoted, request.GET.getlist(name)))
        try:
            self.root_queryset.filter(build_q_object_from_lookup_parameters({name: values}))
        except (FieldError, AttributeError, *WRONG_VALUES) as error:
            if isinstance(error, FieldError):
                return Mistake(name, f"This list has no filter {quoted(name)}.")
            return Mistake(name, f"{name}: {typed} is not a value of this filter.")
        if name.endswith("__isnull") and not set(request.GET.getlist(name)) <= set(YES_OR_NO):
            return Mistake(name, f"{name}: {typed} is not a choice; write True or False.")
        return None

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        """Return the order, and report columns in `o` by which the list cannot be sorted."""
        parts = list(filter(None, self.params.get(ORDER_VAR, "").split(".")))
        wrong = [part for part in parts if part.removeprefix("-") not in self.sortable]
        if wrong:
            columns = ", ".join(map(quoted, wrong))
            text = f"The list cannot be sorted by column {columns}. Click a heading to sort it."
            self.mistakes.append(Mistake(ORDER_VAR, text))
            self.params[ORDER_VAR] = ".".join(part for part in parts if part not in wrong)
        return list(super().get_ordering(request, queryset))

    @cached_property
    def sortable(self) -> set[str]:
        """The positions of the columns by which the list can be sorted."""
        return {
            str(position)
            for position, name in enumerate(self.list_display)
            if (self.sortable_by is None or name in self.sortable_by)
            and self.get_ordering_field(name)
        }

    @property
    def mended(self) -> list[tuple[Mistake, str]]:
        """The mistakes, each with the query string of the address without the mistake."""
        return [(mistake, mistake.mended(self.address)) for mistake in self.mistakes]

    @property
    def export_urls(self) -> dict[str, str]:
        """The addresses of the exports of this list, by format."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_export"
        query = self.get_query_string(remove=["p", "o", "e"])
        urls = {format_.upper(): reverse(name, args=[format_]) + query for format_ in FORMATS}
        joined = "&" if "=" in query else ""
        return urls | {"CSV for Excel": f"{urls['CSV']}{joined}{FOR_EXCEL}"}

    @property
    def notices(self) -> list[str]:
        """Warnings about rows that the list leaves out or does not sort."""
        newest, names = self.paginator.newest, self.opts.verbose_name_plural
        notices = []
        if newest:
            notices.append(
                f"No index serves this filter, so only the newest {newest:,} {names} were searched."
                " To search all of them, filter by a related record, or export the list."
            )
        if not self.paginator.sorted:
            notices.append(
                "There are too many rows to sort, so these are in no particular order. "
                "Filter the list to have fewer."
            )
        return notices + [
            f"The word is in so many {vague} that only some of them were searched. "
            "Type more of the word."
            for vague in self.vague
        ]

    @cached_property
    def summary(self) -> str:
        """The count in words: "12 courses", "more than 10,000 courses", "about 52,000 courses"."""
        total = self.paginator.total
        if total.exact:
            name = self.opts.verbose_name if total.number == 1 else self.opts.verbose_name_plural
            return f"{total} {name}"
        filtered = bool(self.queryset.query.where)
        estimate = 0 if filtered else reads_replica(estimates)([self.model])[self.model]
        return f"{described(total, estimate)} {self.opts.verbose_name_plural}"
