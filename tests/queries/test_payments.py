"""The rows that the queries for payments and subscriptions return."""

from datetime import timedelta

import pytest
from django.utils import timezone

from payments.models import Payment, Refund, Subscription
from tests.factories import (
    CourseFactory,
    PaymentFactory,
    RefundFactory,
    SubscriptionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = timedelta(days=1)


def test_payments_of_a_user__are_newest_first() -> None:
    user = UserFactory.create()
    old, new = (PaymentFactory.create(user=user, created_at=NOW - days * DAY) for days in (1, 0))
    PaymentFactory.create()
    assert list(user.payments.newest_first()) == [new, old]


def test_payments_of_a_course__are_newest_first() -> None:
    course = CourseFactory.create()
    old, new = (
        PaymentFactory.create(course=course, created_at=NOW - days * DAY) for days in (1, 0)
    )
    PaymentFactory.create()
    assert list(course.payments.newest_first()) == [new, old]


def test_stuck_payments__are_pending_and_oldest_first() -> None:
    second, first = (PaymentFactory.create(created_at=NOW - days * DAY) for days in (2, 3))
    PaymentFactory.create(created_at=NOW - DAY)
    PaymentFactory.create(created_at=NOW - 2 * DAY, failed=True)
    assert list(Payment.objects.stuck(NOW - DAY)) == [first, second]


def test_payment_by_its_stripe_ids__is_found() -> None:
    payment = PaymentFactory.create(at_checkout=True, succeeded=True)
    PaymentFactory.create(at_checkout=True, succeeded=True)
    by_intent = Payment.objects.get(stripe_payment_intent_id=payment.stripe_payment_intent_id)
    by_session = Payment.objects.get(stripe_checkout_session_id=payment.stripe_checkout_session_id)
    assert by_intent == by_session == payment


def test_subscription_by_its_stripe_id__is_found() -> None:
    _, subscription = SubscriptionFactory.create_batch(2)
    stripe_id = subscription.stripe_subscription_id
    assert Subscription.objects.get(stripe_subscription_id=stripe_id) == subscription


def test_refund_by_its_stripe_id__is_found() -> None:
    _, refund = RefundFactory.create_batch(2, succeeded=True)
    assert Refund.objects.get(stripe_refund_id=refund.stripe_refund_id) == refund


def test_renewals__are_active_and_in_order_of_their_end() -> None:
    second, first = (
        SubscriptionFactory.create(current_period_end=NOW + days * DAY) for days in (2, 1)
    )
    SubscriptionFactory.create(current_period_end=NOW + 3 * DAY)
    SubscriptionFactory.create(current_period_end=NOW + DAY, canceled=True)
    assert list(Subscription.objects.renewing(NOW + 3 * DAY)) == [first, second]
