"""Notifications in the admin."""

from django.contrib import admin

from config.database.admin import ModelAdmin
from notifications.models import Notification


@admin.register(Notification)
class NotificationAdmin(ModelAdmin):
    list_display = (
        "title",
        "recipient",
        "notification_type",
        "priority",
        "is_read",
        "expires_at",
        "created_at",
    )
    list_filter = ("notification_type", "priority", "read_at", "expires_at", "created_at")
    search_fields = ("recipient__email__exact",)
    search_help_text = "The recipient's e-mail address."
    autocomplete_fields = ("recipient",)
