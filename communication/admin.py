"""Messages, discussions and announcements in the admin."""

from django.contrib import admin

from communication.models import Announcement, DiscussionPost, DiscussionThread, Message
from config.database.admin import ModelAdmin


@admin.register(Message)
class MessageAdmin(ModelAdmin):
    list_display = ("__str__", "sender", "recipient", "is_read", "created_at")
    list_filter = ("read_at", "created_at")
    search_fields = ("sender__email__exact", "recipient__email__exact", "conversation_id__exact")
    search_help_text = "The sender's or the recipient's e-mail address, or a conversation's id."
    autocomplete_fields = ("sender", "recipient")
    raw_id_fields = ("parent_message",)


@admin.register(DiscussionThread)
class DiscussionThreadAdmin(ModelAdmin):
    list_display = (
        "title",
        "course",
        "author",
        "category",
        "is_pinned",
        "is_locked",
        "reply_count",
        "last_activity_at",
    )
    list_filter = ("is_pinned", "is_locked", "last_activity_at", "created_at")
    search_fields = ("title", "course__title", "author__email__istartswith")
    search_help_text = (
        "A part of the title, or of the course's, or the beginning of the author's e-mail address."
    )
    autocomplete_fields = ("course", "author")
    readonly_fields = ("view_count", "reply_count", "last_activity_at")


@admin.register(DiscussionPost)
class DiscussionPostAdmin(ModelAdmin):
    list_display = (
        "__str__",
        "thread",
        "author",
        "upvote_count",
        "is_solution",
        "is_deleted",
        "created_at",
    )
    list_filter = ("is_solution", "is_deleted", "edited_at", "created_at")
    search_fields = ("content", "thread__title", "author__email__istartswith")
    search_help_text = (
        "A part of the text, or of the thread's title, or the beginning of the author's e-mail "
        "address."
    )
    autocomplete_fields = ("thread", "author")
    raw_id_fields = ("parent_post",)
    readonly_fields = ("upvote_count", "edited_at", "edit_history")


@admin.register(Announcement)
class AnnouncementAdmin(ModelAdmin):
    list_display = ("title", "course", "educator", "scheduled_for", "published_at")
    list_filter = ("scheduled_for", "published_at")
    search_fields = ("title", "course__title", "educator__email__istartswith")
    search_help_text = (
        "A part of the title, or of the course's, or the beginning of the educator's e-mail "
        "address."
    )
    autocomplete_fields = ("course", "educator")
