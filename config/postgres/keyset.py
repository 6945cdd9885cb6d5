"""Keyset pagination: each page begins after the last row of the page before."""

from typing import Any

from django.db.models import Model, QuerySet


def keyset_page[Rows: QuerySet[Any]](rows: Rows, column: str, after: Model | None) -> Rows:
    """Return `rows`, newest first by `column` and id. With `after`, begin after that row."""
    if after:
        time = getattr(after, column)
        rows = rows.filter(**{f"{column}__lte": time}).exclude(
            **{column: time, "id__gte": after.pk}
        )
    return rows.order_by(f"-{column}", "-id")
