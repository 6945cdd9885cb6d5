"""Queries of distributed tables."""

from typing import Any

from django.db import models
from django.db.models.query import ModelIterable

from config.postgres.citus.declarations import distribution_field, is_spread


class DistributedQuerySet[M: models.Model](models.QuerySet[M]):
    """The rows of a distributed table, which can be locked on a cluster, too.

    Citus locks rows only if the query names one place. So the places of the rows are read first.
    """

    _is_placed = False
    """True if the query names one place. A clone may name several, so it does not take it over."""

    def _fetch_all(self) -> None:
        """Read the rows, place by place if a cluster is to lock them."""
        if self._result_cache is None and self._is_scattered():
            self._result_cache = self._locked_by_place()
        super()._fetch_all()

    def _is_scattered(self) -> bool:
        return (
            bool(self.query.select_for_update)
            and not self._is_placed
            and issubclass(self._iterable_class, ModelIterable)
            and is_spread(self.model, self.db)
        )

    def _locked_by_place(self) -> list[M]:
        """Return the rows in their order, without those that were changed before they were locked.

        Each session locks the places in the same order.
        """
        field: Any = distribution_field(self.model)
        unlocked = self.all()
        unlocked.query.select_for_update = False
        places = dict(unlocked.values_list("pk", field.attname))
        rows: dict[Any, M] = {}
        for place in sorted(set(places.values())):
            here = self.all()
            here.query.clear_limits()
            keys = [key for key, its_place in places.items() if its_place == place]
            here = here.filter(**{field.attname: place, "pk__in": keys})
            here._is_placed = True
            rows |= {row.pk: row for row in here}
        return [rows[key] for key in places if key in rows]
