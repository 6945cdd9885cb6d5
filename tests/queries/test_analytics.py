"""The rows that the queries for events return."""

from datetime import UTC, datetime, timedelta

import pytest

from analytics.models import AnalyticsEvent
from tests.factories import AnalyticsEventFactory, UserFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_timeline_of_a_user__is_newest_first_and_excludes_the_end() -> None:
    user = UserFactory.create()
    _, first, last, _ = (
        AnalyticsEventFactory.create(user=user, timestamp=NOON + minutes * MINUTE)
        for minutes in (-1, 0, 59, 60)
    )
    AnalyticsEventFactory.create(timestamp=NOON)
    assert list(user.analytics_events.between(NOON, NOON + 60 * MINUTE)) == [last, first]


def test_events_per_hour__are_those_of_the_type_in_order_of_time() -> None:
    for minutes in (60, 0, 59):
        AnalyticsEventFactory.create(event_type="login", timestamp=NOON + minutes * MINUTE)
    AnalyticsEventFactory.create(event_type="logout", timestamp=NOON)
    per_hour = AnalyticsEvent.objects.per_hour("login", NOON, NOON + 120 * MINUTE)
    assert list(per_hour) == [
        {"hour": NOON, "events": 2},
        {"hour": NOON + 60 * MINUTE, "events": 1},
    ]
