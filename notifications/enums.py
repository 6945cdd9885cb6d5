"""Enum types of the notifications app."""

from django.db import models


class NotificationType(models.TextChoices):
    """Subject of a notification."""

    NEW_MESSAGE = "new_message"
    ASSIGNMENT_DUE = "assignment_due"
    GRADE_POSTED = "grade_posted"
    COURSE_UPDATE = "course_update"
    ANNOUNCEMENT = "announcement"
    DISCUSSION_REPLY = "discussion_reply"
    ENROLLMENT_CONFIRMED = "enrollment_confirmed"
    CERTIFICATE_ISSUED = "certificate_issued"
    PAYMENT_RECEIVED = "payment_received"
    REFUND_PROCESSED = "refund_processed"


class Priority(models.TextChoices):
    """Urgency of a notification."""

    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"
