"""The base class of models that update, delete and refresh a row on its own server only."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import NotSupportedError, models, router, transaction
from django.db.models.deletion import Collector

from config.postgres.citus.declarations import MovedRowError, distribution_field


class DistributedModel(models.Model):
    """A row that UPDATE, DELETE and refresh_from_db() find on its own server.

    Their WHERE clause contains the distribution column. An UPDATE does not set this column, because
    Citus refuses that. If the statement finds no row, the value of the column may have changed in
    Python, so the statement runs again on all servers, without the column in WHERE.
    """

    class Meta:
        abstract = True

    def _do_update(  # type: ignore[override]
        self,
        base_qs: models.QuerySet[Any],
        using: str | None,
        pk_val: Any,
        values: Sequence[Any],
        *options: Any,
    ) -> Any:
        """Update the row. Set the distribution column only if its value was changed."""
        place = self._place()
        here = base_qs.filter(**place)
        others = [value for value in values if value[0].attname not in place]
        if others or not values:
            found = super()._do_update(here, using, pk_val, others, *options)
        else:  # without values, Django does not look for the row
            found = [()] if here.filter(pk=pk_val).exists() else []
        if found or not place or not base_qs.filter(pk=pk_val).exists():
            return found
        try:
            return super()._do_update(base_qs, using, pk_val, values, *options)
        except NotSupportedError as error:
            raise MovedRowError(
                f"Column {', '.join(place)} of {self._meta.db_table} determines the server of a "
                f"row, so it cannot be changed. Delete the row {pk_val}, and create another row."
            ) from error

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Any] | None = None,
    ) -> None:
        """Read the row from its own server or, if that has no such row, from all servers."""
        if place := self._place():
            rows = from_queryset
            if rows is None:
                rows = type(self)._base_manager.db_manager(using, hints={"instance": self}).all()
            try:
                super().refresh_from_db(using, fields, rows.filter(**place))
            except self.DoesNotExist:
                pass
            else:
                return
        super().refresh_from_db(using, fields, from_queryset)

    def delete(
        self, using: str | None = None, keep_parents: bool = False
    ) -> tuple[int, dict[str, int]]:
        """Delete the row on its server.

        If Django must send signals or delete other rows, too, call Django's delete().
        """
        alias = using or router.db_for_write(type(self), instance=self)
        place = self._place()
        is_alone = self.pk is not None and Collector(alias, origin=self).can_fast_delete(self)
        if not place or not is_alone:
            return super().delete(using, keep_parents)
        here = type(self)._base_manager.using(alias).filter(pk=self.pk, **place)
        with transaction.mark_for_rollback_on_error(alias):
            count = here._raw_delete(alias)
        if not count:
            return super().delete(using, keep_parents)
        setattr(self, self._meta.pk.attname, None)
        return count, {self._meta.label: count}

    def _place(self) -> dict[str, Any]:
        """Return the condition by which Citus finds the server of the row.

        If there is no distribution column, or if it is the primary key or deferred, return {}.
        """
        field = distribution_field(type(self))
        if field is None or field.primary_key or field.attname not in self.__dict__:
            return {}
        return {field.attname: self.__dict__[field.attname]}
