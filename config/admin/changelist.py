"""Lists that answer at once, whatever the size of the table and whatever is asked of them."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.paginator import InvalidPage, Page, Paginator
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from unfold.views import ChangeList as UnfoldChangeList

from config.admin.bounds import Count, QuerySet, TooSlowError, at_most, count_up_to, estimates
from config.postgres.enums import EnumField

REACH = 10_000
"""Rows that can be paged through; beyond them one filters."""
NEWEST = 20_000
"""Rows that are looked through if all of them would take too long."""
MILLISECONDS = 120
"""For counting the rows of a list, and again for finding those of a page."""
ONLY_BITMAPS = {f"enable_{way}": "off" for way in ("seqscan", "indexscan", "indexonlyscan")}
"""Scans of indexes that do not count on an early end."""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to a bound, and finds the keys of a page before it reads the rows.

    If no index serves what is asked, and PostgreSQL is not done in time, it looks only through the
    newest rows (`newest` says through how many), or leaves the rows unsorted (`sorted`).
    """

    object_list: Any
    newest: int | None = None
    sorted = True
    _found: Sequence[Any] = ()
    """Keys, if to count all that is asked for takes too long."""

    @cached_property
    def total(self) -> Count:
        """How many rows there are."""
        try:
            with at_most(MILLISECONDS):
                return count_up_to(REACH, [self.object_list])[0]
        except TooSlowError:
            return self._look_closer()

    @cached_property
    def count(self) -> int:
        return self.total.number

    def page(self, number: int | str) -> "Page[Any]":
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        keys = self._keys(slice(first, first + self.per_page)) if self.total else []
        # Of keys, not a slice, so that a list of changes can put more conditions on it.
        return self._get_page(self.object_list.filter(pk__in=keys), number, self)

    def _look_closer(self) -> Count:
        """What an index finds, or else what the newest rows have, up to what can be paged through.

        PostgreSQL looks through the table if it expects to meet enough rows soon; but all of them
        may be in one place, of which an index knows.
        """
        rows = self.object_list.order_by()
        found = self._by_index(rows)
        self._found = self._of_the_newest(rows) if found is None else found
        return Count(min(len(self._found), REACH), len(self._found) <= REACH)

    def _by_index(self, rows: QuerySet) -> Sequence[Any] | None:
        try:
            with at_most(MILLISECONDS // 2, **ONLY_BITMAPS):
                served = "Bitmap" in rows.values("pk").explain()
                return _keys(rows, slice(REACH + 1)) if served else None
        except TooSlowError:
            return None

    def _of_the_newest(self, rows: QuerySet) -> Sequence[Any]:
        newest = rows.model._base_manager.order_by("-pk")
        oldest = _keys(newest, slice(NEWEST - 1, NEWEST))
        some = rows.filter(pk__gte=oldest[0]) if oldest else rows
        found = _keys(some, slice(REACH + 1))
        if oldest and len(found) <= REACH:
            self.newest = NEWEST
        return found

    def _keys(self, part: slice) -> Sequence[Any]:
        try:
            with at_most(MILLISECONDS):
                return _keys(self._in_order(), part)
        except TooSlowError:
            self.sorted = False
            return self._found[part] or _keys(self.object_list.order_by(), part)

    def _in_order(self) -> QuerySet:
        """The rows; if they are few, in an order that is no index's.

        PostgreSQL then finds the rows first, as quickly as it counted them. Otherwise it may walk
        along the index of the order to find them on the way, and they may be at its very end.
        """
        rows: QuerySet = self.object_list
        order = rows.query.order_by
        if self.total.exact and self._found:
            rows = rows.filter(pk__in=self._found)
        if self.total.exact and rows.query.where:
            order = [self._sorted_by(name) for name in order]
        return rows.order_by(*order) if order else rows

    def _sorted_by(self, order: Any) -> Any:
        opts = self.object_list.model._meta
        fields = {name: field for field in opts.concrete_fields for name in _names(field)}
        name = order.removeprefix("-") if isinstance(order, str) else ""
        field = opts.pk if name == "pk" else fields.get(name)
        if field is None or isinstance(field, EnumField):  # which would be sorted as text
            return order
        if name != field.attname and field.is_relation and field.related_model._meta.ordering:
            return order  # by which its records are sorted, not by their keys
        value = Coalesce(name, name)
        return value.desc() if order.startswith("-") else value.asc()


def _keys(rows: QuerySet, part: slice) -> list[Any]:
    return list(rows.values_list("pk", flat=True)[part])


def _names(field: Any) -> tuple[str, str]:
    return field.name, field.attname


class ChangeList(UnfoldChangeList):
    """One page of a list, and how many rows there are: exactly, at least, or about."""

    def get_results(self, request: HttpRequest) -> None:
        paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        try:
            self.result_list = paginator.page(self.page_num).object_list
        except InvalidPage as error:
            raise IncorrectLookupParameters from error
        self.paginator = paginator
        self.result_count = paginator.count
        self.multi_page = self.result_count > self.list_per_page
        self.show_full_result_count = self.can_show_all = False
        self.full_result_count = self.result_count  # which templates take for "nothing to add"
        self.show_admin_actions = True

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet:
        """With what the columns show of other tables; Django leaves it out if names need some."""
        rows: QuerySet = super().get_queryset(request, exclude_parameters)
        return rows.select_related(*self.list_select_related) if self.list_select_related else rows

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        """Without columns that are not to be sorted by; Django only does not link them."""
        if wanted := self.params.get("o"):
            sortable = self.sortable_by
            allowed = [
                str(position)
                for position, name in enumerate(self.list_display)
                if sortable is None or name in sortable
            ]
            kept = [part for part in wanted.split(".") if part.removeprefix("-") in allowed]
            self.params["o"] = ".".join(kept)
        return list(super().get_ordering(request, queryset))

    @cached_property
    def summary(self) -> str:
        """Such as "12 courses", "more than 10,000 courses", "about 1,000,000 courses"."""
        total = self.paginator.total
        if total.exact:
            name = self.opts.verbose_name if total.number == 1 else self.opts.verbose_name_plural
            return f"{total} {name}"
        about = 0 if self.queryset.query.where else estimates([self.model])[self.model]
        if about > total.number:
            return f"about {about:,} {self.opts.verbose_name_plural}"
        return f"more than {total.number:,} {self.opts.verbose_name_plural}"
