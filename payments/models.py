"""Payments, subscriptions and refunds that Stripe processes."""

from datetime import datetime
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from config.postgres import (
    LARGEST_AMOUNT,
    EnumField,
    JSONField,
    Reference,
    caption,
    finite_check,
    json_check,
    minute,
    not_blank_check,
)
from config.postgres.models import TimestampedModel
from payments.enums import PaymentStatus, RefundStatus, SubscriptionStatus


class PaymentQuerySet(models.QuerySet["Payment"]):
    """The queries for payments.

    Query 24, reconciliation: `Payment.objects.get(stripe_payment_intent_id=stripe_id)`.
    """

    def newest_first(self) -> Self:
        """Query 23: sort newest first: `user.payments.newest_first()`."""
        return self.order_by("-created_at", "-id")

    def stuck(self, before: datetime) -> Self:
        """Query 23: return pending payments created before the given time, oldest first."""
        return self.filter(status=PaymentStatus.PENDING, created_at__lt=before).order_by(
            "created_at"
        )


class Payment(TimestampedModel):
    """A payment of a user, for a course or for something else."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DB_CASCADE, db_index=False, related_name="payments"
    )
    course = models.ForeignKey(
        "courses.Course",
        models.DB_CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="payments",
        db_comment="The course that was bought; NULL if something else, such as a subscription.",
    )
    stripe_payment_intent_id = models.CharField(  # noqa: DJ001
        max_length=255,
        null=True,
        blank=True,
        db_comment="NULL until the request is sent to Stripe.",
    )
    stripe_checkout_session_id = models.CharField(  # noqa: DJ001
        max_length=255, null=True, blank=True, db_comment="NULL if not paid with Stripe Checkout."
    )
    amount = models.DecimalField(
        max_digits=10, decimal_places=2, db_comment="In `currency`; 0 if paid with a voucher."
    )
    currency = models.CharField(
        max_length=3, db_default="USD", db_comment="ISO 4217 code in capital letters."
    )
    status = EnumField(PaymentStatus, db_default=PaymentStatus.PENDING)
    payment_method = models.CharField(
        max_length=50,
        blank=True,
        db_default="",
        db_comment="Stripe's name for the method, such as card.",
    )
    metadata = JSONField(
        blank=True, db_default={}, db_comment="Object with further data that was sent to Stripe."
    )

    objects = PaymentQuerySet.as_manager()

    distribution = Reference()

    class Meta:
        db_table = "payments"
        db_table_comment = "Payments of users, processed by Stripe."
        indexes = (
            # Query 23: payments of a user, scanned backwards for newest first.
            models.Index(fields=["user", "created_at"], name="payments_user_idx"),
            # Query 23: payments for a course, scanned backwards for newest first.
            models.Index(fields=["course", "created_at"], name="payments_course_idx"),
            # Query 23: payments that are stuck in pending.
            models.Index(
                fields=["created_at"],
                condition=Q(status=PaymentStatus.PENDING),
                name="payments_pending_idx",
            ),
        )
        constraints = (
            # Query 24: lookup by Stripe's id. NULLs are distinct, so an id is unique if present.
            models.UniqueConstraint(
                fields=["stripe_payment_intent_id"], name="payments_stripe_payment_intent_id_uniq"
            ),
            # Query 24: lookup by the id of Stripe's checkout session, unique if present.
            models.UniqueConstraint(
                fields=["stripe_checkout_session_id"],
                name="payments_stripe_checkout_session_id_uniq",
            ),
            not_blank_check(
                "stripe_payment_intent_id", name="payments_stripe_payment_intent_id_check"
            ),
            not_blank_check(
                "stripe_checkout_session_id", name="payments_stripe_checkout_session_id_check"
            ),
            models.CheckConstraint(
                condition=Q(amount__range=(0, LARGEST_AMOUNT)), name="payments_amount_check"
            ),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="payments_currency_check"
            ),
            json_check("metadata", name="payments_metadata_check"),
            finite_check("created_at", "updated_at", name="payments_finite_check"),
        )

    def __str__(self) -> str:
        paid = f"{self.amount} {self.currency} from {self.user}"
        bought = f" for {self.course}" if self.course else ""
        return f"{paid}{bought} ({self.status}), {minute(self.created_at)}"


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """The queries for subscriptions.

    Query 24, reconciliation: `Subscription.objects.get(stripe_subscription_id=stripe_id)`.
    """

    def renewing(self, before: datetime) -> Self:
        """Query 25: return active subscriptions that end before the given time, earliest first."""
        return self.filter(
            status=SubscriptionStatus.ACTIVE, current_period_end__lt=before
        ).order_by("current_period_end")


class Subscription(TimestampedModel):
    """A subscription of a user to a plan, paid for periodically."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DB_CASCADE, db_index=False, related_name="subscriptions"
    )
    stripe_subscription_id = models.CharField(max_length=255)
    stripe_customer_id = models.CharField(max_length=255)
    plan_id = models.CharField(max_length=100, db_comment="Stripe's id of the plan.")
    status = EnumField(SubscriptionStatus, db_default=SubscriptionStatus.ACTIVE)
    current_period_start = models.DateTimeField()
    current_period_end = models.DateTimeField(db_comment="When the subscription renews or ends.")
    cancel_at_period_end = models.BooleanField(
        db_default=False, db_comment="True if it ends with the period instead of renewing."
    )

    objects = SubscriptionQuerySet.as_manager()

    distribution = Reference()

    class Meta:
        db_table = "subscriptions"
        db_table_comment = "Subscriptions of users to plans, managed by Stripe."
        indexes = (
            # Query 25: subscriptions that renew soon.
            models.Index(
                fields=["current_period_end"],
                condition=Q(status=SubscriptionStatus.ACTIVE),
                name="subscriptions_renewal_idx",
            ),
            # Query 28: removing a user removes all subscriptions, active or not.
            models.Index(fields=["user"], name="subscriptions_user_idx"),
        )
        constraints = (
            # Query 24: lookup by Stripe's id.
            models.UniqueConstraint(
                fields=["stripe_subscription_id"], name="subscriptions_stripe_subscription_id_uniq"
            ),
            # A user has at most one active subscription per plan.
            models.UniqueConstraint(
                fields=["user", "plan_id"],
                condition=Q(status=SubscriptionStatus.ACTIVE),
                name="subscriptions_active_uniq",
            ),
            not_blank_check(
                "stripe_subscription_id", name="subscriptions_stripe_subscription_id_check"
            ),
            not_blank_check("stripe_customer_id", name="subscriptions_stripe_customer_id_check"),
            not_blank_check("plan_id", name="subscriptions_plan_id_check"),
            # A period ends after it starts.
            models.CheckConstraint(
                condition=Q(current_period_end__gt=F("current_period_start")),
                name="subscriptions_current_period_check",
            ),
            finite_check(
                "created_at",
                "updated_at",
                "current_period_start",
                "current_period_end",
                name="subscriptions_finite_check",
            ),
        )

    def __str__(self) -> str:
        plan = f"{caption(self.plan_id)} for {self.user}"
        return f"{plan} ({self.status}), from {minute(self.current_period_start)}"


class Refund(TimestampedModel):
    """A refund of all or part of a payment. Query 24: lookup by `stripe_refund_id`."""

    payment = models.ForeignKey(Payment, models.DB_CASCADE, db_index=False, related_name="refunds")
    enrollment = models.ForeignKey(
        "enrollments.Enrollment",
        models.DB_CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="refunds",
        db_comment="The enrollment that is refunded; NULL if there is none.",
    )
    stripe_refund_id = models.CharField(  # noqa: DJ001
        max_length=255,
        null=True,
        blank=True,
        db_comment="NULL until the request is sent to Stripe.",
    )
    amount = models.DecimalField(
        max_digits=10, decimal_places=2, db_comment="In the payment's currency."
    )
    reason = models.CharField(max_length=500, blank=True, db_default="")
    status = EnumField(RefundStatus, db_default=RefundStatus.PENDING)

    distribution = Reference()

    class Meta:
        db_table = "refunds"
        db_table_comment = "Refunds of payments, processed by Stripe."
        indexes = (
            # Query 28: removing a payment removes its refunds.
            models.Index(fields=["payment"], name="refunds_payment_idx"),
            # Query 28: removing an enrollment removes its refunds.
            models.Index(fields=["enrollment"], name="refunds_enrollment_idx"),
        )
        constraints = (
            # Query 24: lookup by Stripe's id. NULLs are distinct, so an id is unique if present.
            models.UniqueConstraint(
                fields=["stripe_refund_id"], name="refunds_stripe_refund_id_uniq"
            ),
            not_blank_check("stripe_refund_id", name="refunds_stripe_refund_id_check"),
            # The amount is positive: there is no refund of 0.
            models.CheckConstraint(
                condition=Q(amount__range=(Decimal("0.01"), LARGEST_AMOUNT)),
                name="refunds_amount_check",
            ),
            finite_check("created_at", "updated_at", name="refunds_finite_check"),
        )

    def __str__(self) -> str:
        paid = f"{self.amount} {self.payment.currency} to {self.payment.user}"
        return f"{paid} ({self.status}), {minute(self.created_at)}"
