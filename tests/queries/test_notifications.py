"""The rows that the queries for notifications return."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications.models import Notification
from tests.factories import NotificationFactory, UserFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = timedelta(days=1)


def test_badge_of_notifications__counts_unread_ones() -> None:
    user = UserFactory.create()
    NotificationFactory.create_batch(2, recipient=user)
    NotificationFactory.create(recipient=user, read=True)
    NotificationFactory.create()
    assert user.notifications.unread().count() == 2


def test_bell__is_newest_first() -> None:
    user = UserFactory.create()
    old, new = (
        NotificationFactory.create(recipient=user, created_at=NOW - days * DAY) for days in (1, 0)
    )
    NotificationFactory.create()
    assert list(user.notifications.newest_first()) == [new, old]


def test_sweep__is_of_expired_notifications_first_expired_first() -> None:
    now_expired, long_expired = (
        NotificationFactory.create(expired=True, expires_at=NOW - days * DAY) for days in (0, 1)
    )
    NotificationFactory.create(expiring=True)
    NotificationFactory.create()
    assert list(Notification.objects.expired(NOW)) == [long_expired, now_expired]
