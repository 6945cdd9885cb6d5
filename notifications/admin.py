"""Notifications in the admin."""

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from config.admin import ModelAdmin, QuerySet
from notifications.models import Notification


@admin.register(Notification)
class NotificationAdmin(ModelAdmin):
    icon = "notifications"
    named_by = ("recipient",)
    list_display = (
        "title",
        "recipient",
        "notification_type",
        "priority",
        "is_read",
        "expires_at",
        "created_at",
    )
    list_filter = (
        "notification_type",
        "priority",
        "recipient",
        "read_at",
        "expires_at",
        "created_at",
    )
    search_fields = ("recipient__email__startswith",)
    search_help_text = "Beginning of the recipient's e-mail address"
    actions = ("expire",)
    violations = {
        "notifications_expires_at_check": ("expires_at", "It must expire after its creation."),
    }

    @admin.action(description="Expire selected notifications now")
    def expire(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Set the time of expiry to now, so that the next sweep deletes the rows."""
        now = timezone.now()
        lasting = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
        # A check constraint requires that a notification expires after its creation.
        lasting &= Q(created_at__lt=now)
        self.change(request, queryset, lasting, "expired", "already expired", expires_at=now)
