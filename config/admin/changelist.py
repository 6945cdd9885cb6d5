"""Lists that answer at once, whatever the size of the table and whatever is asked of them."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.paginator import InvalidPage, Page, Paginator
from django.http import HttpRequest
from unfold.views import ChangeList as UnfoldChangeList

from config.admin.bounds import Count, QuerySet, TooSlowError, at_most, count_up_to, estimate

REACH = 10_000
"""Rows that can be paged through; beyond them one filters."""
NEWEST = 100_000
"""Rows that are looked through if all of them would take too long."""
MILLISECONDS = 150
"""For counting the rows of a list, and again for finding those of a page."""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to a bound, and finds the keys of a page before it reads the rows.

    If PostgreSQL does not find them in time, because no index serves what is asked, it looks
    through the newest rows only; `newest` then says through how many.
    """

    newest: int | None = None
    _watched = False

    @cached_property
    def total(self) -> Count:
        """How many rows there are."""
        return self._in_time(lambda: count_up_to(REACH, [self.object_list])[0])

    @cached_property
    def count(self) -> int:
        return self.total.number

    def page(self, number: int | str) -> "Page[Any]":
        keys = self._in_time(lambda: self._keys(number))
        # Of keys, not a slice, so that a list of changes can put more conditions on it.
        return self._get_page(self.object_list.filter(pk__in=keys), int(number), self)

    def _keys(self, number: int | str) -> list[Any]:
        first = (self.validate_number(number) - 1) * self.per_page
        keys = self.object_list.values_list("pk", flat=True)
        return list(keys[first : first + self.per_page])

    def _in_time[T](self, ask: Callable[[], T]) -> T:
        if self._watched or self.newest:
            return ask()
        self._watched = True
        try:
            with at_most(MILLISECONDS):
                return ask()
        except TooSlowError:
            self._look_through_the_newest()
            return ask()
        finally:
            self._watched = False

    def _look_through_the_newest(self) -> None:
        rows: QuerySet = self.object_list
        keys = rows.model._base_manager.order_by("-pk").values_list("pk", flat=True)
        oldest = keys[NEWEST - 1 : NEWEST].first()
        if oldest is not None:
            self.newest = NEWEST
            self.object_list = rows.filter(pk__gte=oldest)
        for name in ("total", "count", "num_pages"):
            self.__dict__.pop(name, None)


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
        self.full_result_count = None
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
        if not self.queryset.query.where and (about := estimate(self.model)) > total.number:
            return f"about {about:,} {self.opts.verbose_name_plural}"
        return f"more than {total.number:,} {self.opts.verbose_name_plural}"
