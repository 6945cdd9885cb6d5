"""The queryset of models with distributed tables."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Self

from django.db import models
from django.db.models.query import ModelIterable

from config.postgres.citus.declarations import distribution_field, is_distributed


class DistributedQuerySet[M: models.Model](models.QuerySet[M]):
    """A queryset whose select_for_update() also works on a cluster.

    Citus locks rows only in a query with one value of the distribution column, here called a place.
    So first read the places of the rows, and then lock the rows of each place in a separate query.
    """

    _is_placed = False
    """True if the query is for one place. Clones may be for other places, so they have False."""

    def _fetch_all(self) -> None:
        """Read the rows. On a cluster, select_for_update() first locks them place by place."""
        if self._result_cache is None and self._is_scattered():
            rows = self._lock_by_place()
            if self._has_instances():
                self._result_cache = list(rows.values())
            else:
                self._result_cache = list(self._unlocked().filter(pk__in=list(rows)))
        super()._fetch_all()

    def iterator(self, chunk_size: int | None = None) -> Iterator[M]:
        """Iterate over the rows. With select_for_update() on a cluster, read all rows first."""
        return iter(self) if self._is_scattered() else super().iterator(chunk_size)

    def exists(self) -> bool:
        """Return whether there is a row. With select_for_update() on a cluster, lock the row."""
        return bool(self[:1]) if self._is_scattered() else super().exists()

    def bulk_create(
        self,
        objs: Iterable[M],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[M]:
        """Insert the rows. On a cluster, add the distribution column to `unique_fields`."""
        if unique_fields and is_distributed(self.model, self.db):
            place: Any = distribution_field(self.model)
            if not {place.name, place.attname} & {*unique_fields}:
                unique_fields = [*unique_fields, place.name]
        return super().bulk_create(
            objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields
        )

    def _is_scattered(self) -> bool:
        """Return whether the query locks rows that may be in several places."""
        return (
            bool(self.query.select_for_update)
            and not self._is_placed
            and is_distributed(self.model, self.db)
        )

    def _has_instances(self) -> bool:
        return issubclass(self._iterable_class, ModelIterable)

    def _unlocked(self) -> Self:
        """Return the query without its locks and its limits."""
        unlocked = self.all()
        unlocked.query.select_for_update = False
        unlocked.query.clear_limits()
        return unlocked

    def _lock_by_place(self) -> dict[Any, Any]:
        """Lock the rows, and return them by primary key, in order. For values(), return only keys.

        With skip_locked, lock later rows in place of the skipped rows.
        """
        low, high = self.query.low_mark, self.query.high_mark
        places = self._read_places(low, high)
        rows = self._lock_at(places)
        if high is None or not self.query.select_for_update_skip_locked:
            return rows
        wanted = high - low
        while places and len(rows) < wanted:
            low, high = high, high + wanted - len(rows)
            places = self._read_places(low, high)
            rows |= self._lock_at(places)
        return rows

    def _read_places(self, low: int, high: int | None) -> dict[Any, Any]:
        """Return the value of the distribution column of each row of the slice, by primary key."""
        field: Any = distribution_field(self.model)
        return dict(self._unlocked()[low:high].values_list("pk", field.attname))

    def _lock_at(self, places: Mapping[Any, Any]) -> dict[Any, Any]:
        """Lock the rows at these places, and return those that the query still finds.

        All sessions lock the places in the same order, so that there is no deadlock.
        """
        field: Any = distribution_field(self.model)
        rows: dict[Any, Any] = {}
        for place in sorted(set(places.values())):
            here: Any = self.all()
            here.query.clear_limits()
            keys = [key for key, its_place in places.items() if its_place == place]
            here = here.filter(**{field.attname: place, "pk__in": keys})
            if not self._has_instances():
                here = here.values_list("pk", flat=True)
            here._is_placed = True
            rows |= {row.pk if isinstance(row, models.Model) else row: row for row in here}
        return {key: rows[key] for key in places if key in rows}
