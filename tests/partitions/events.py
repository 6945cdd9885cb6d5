"""Events, and the partitions in which they are."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection

from analytics.models import AnalyticsEvent
from config.partitions import exchange, make_months
from tests.support.migrations import run_sql

TABLE = "analytics_events"
MAY, JUNE, JULY = (date(2024, month, 1) for month in (5, 6, 7))


def add_events(rows: int, start: str = "2024-06-01 00:00+00", user: str = "NULL") -> None:
    """Insert events, one for each second from `start`."""
    run_sql(
        f"INSERT INTO {TABLE} (id, user_id, event_type, event_data, timestamp)"
        f" SELECT gen_random_uuid(), {user}, 'seen', '{{}}', '{start}'::timestamptz"
        f" + n * interval '1 s' FROM generate_series(0, {rows - 1}) AS n"
    )


def make(*months: date, **options: Any) -> list[str]:
    return make_months(connection, AnalyticsEvent, months, **options)


def make_until_exchange(*months: date) -> None:
    """Fail after the rows are copied, so that the objects of a killed run are left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exchange.Exchange, "_replace_default", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make(*months)


def row_counts() -> dict[str, int]:
    """Return the number of events of each partition that has some."""
    return dict(run_sql(f"SELECT tableoid::regclass::text, count(*) FROM {TABLE} GROUP BY 1"))


def bounds() -> dict[str, str]:
    """Return the bounds of the partitions, by their names."""
    return dict(
        run_sql(
            "SELECT oid::regclass::text, pg_get_expr(relpartbound, oid) FROM pg_class"
            f" WHERE relispartition AND relkind = 'r' AND relname LIKE '{TABLE}%'"
        )
    )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
