"""Notifications to users."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from config.postgres import (
    Distributed,
    DistributedQuerySet,
    EnumField,
    JSONField,
    Now,
    caption,
    finite_check,
    json_check,
    minute,
    not_blank_check,
)
from config.postgres.models import IdentifiedModel
from notifications.enums import NotificationType, Priority


class NotificationQuerySet(DistributedQuerySet["Notification"]):
    """The queries for notifications of a user and for expired ones."""

    def unread(self) -> Self:
        """Query 15: return unread notifications: `user.notifications.unread().count()`."""
        return self.filter(read_at__isnull=True)

    def newest_first(self) -> Self:
        """Query 16: sort newest first: `user.notifications.newest_first()`."""
        return self.order_by("-created_at", "-id")

    def expired(self, now: datetime) -> Self:
        """Query 17: return expired notifications in the order of their expiry."""
        return self.filter(expires_at__lte=now).order_by("expires_at")


class Notification(IdentifiedModel):
    """A notification to a user, listed under the bell."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DB_CASCADE, db_index=False, related_name="notifications"
    )
    notification_type = EnumField(NotificationType)
    title = models.CharField(max_length=255)
    content = models.TextField()
    action_url = models.URLField(
        max_length=500,
        blank=True,
        db_default="",
        db_comment="Address that a click on the notification opens.",
    )
    priority = EnumField(Priority, db_default=Priority.NORMAL)
    read_at = models.DateTimeField(
        null=True, blank=True, db_comment="When the recipient first read it; NULL while unread."
    )
    is_read = models.GeneratedField(
        expression=Q(read_at__isnull=False),  # type: ignore[arg-type]
        output_field=models.BooleanField(),
        db_persist=True,
        db_comment="Generated from read_at. Filter by read_at, which the unread index uses.",
    )
    metadata = JSONField(
        blank=True,
        db_default={},
        db_comment="Object with the ids of the rows that the notification is about.",
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, db_comment="When the expiry sweep may remove it; NULL if never."
    )
    created_at = models.DateTimeField(
        db_default=Now(), editable=False, db_comment="When the row was inserted."
    )

    objects = NotificationQuerySet.as_manager()

    distribution = Distributed("recipient")

    class Meta:
        db_table = "notifications"
        db_table_comment = "Notifications to users."
        indexes = (
            # Query 15: the unread badge counts with an index-only scan.
            models.Index(
                fields=["recipient"],
                condition=Q(read_at__isnull=True),
                name="notifications_unread_idx",
            ),
            # Query 16: the list under the bell, scanned backwards for newest first.
            models.Index(fields=["recipient", "created_at"], name="notifications_recipient_idx"),
            # Query 17: the sweep of expired notifications.
            models.Index(
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False),
                name="notifications_expiry_idx",
            ),
        )
        constraints = (
            not_blank_check("title", name="notifications_title_check"),
            not_blank_check("content", name="notifications_content_check"),
            json_check("metadata", name="notifications_metadata_check"),
            # A notification expires after it was created.
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="notifications_expires_at_check"
            ),
            finite_check("read_at", "expires_at", "created_at", name="notifications_finite_check"),
        )

    def __str__(self) -> str:
        return f"{caption(self.title)} · {self.recipient}, {minute(self.created_at)}"
