"""Enum types of the payments app."""

from django.db import models


class PaymentStatus(models.TextChoices):
    """State of a payment."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUNDED = "refunded"


class SubscriptionStatus(models.TextChoices):
    """State of a subscription, by Stripe's names."""

    ACTIVE = "active"
    CANCELED = "canceled"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"


class RefundStatus(models.TextChoices):
    """State of a refund."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
