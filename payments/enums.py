"""Enum types of the payments app."""

from django.db import models


class PaymentStatus(models.TextChoices):
    """What became of a payment."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUNDED = "refunded"


class SubscriptionStatus(models.TextChoices):
    """Whether a subscription is paid for; the names are Stripe's."""

    ACTIVE = "active"
    CANCELED = "canceled"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"


class RefundStatus(models.TextChoices):
    """What became of a refund."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
