"""Messages, discussions and announcements in the admin."""

from typing import ClassVar

from django.contrib import admin

from communication.models import Announcement, DiscussionPost, DiscussionThread, Message
from config.admin import Allowed, ModelAdmin
from config.postgres import caption
from users.admin import EDUCATOR


@admin.register(Message)
class MessageAdmin(ModelAdmin):
    icon = "mail"
    named_by = ("sender", "recipient")
    list_display = ("text", "sender", "recipient", "is_read", "created_at")
    list_filter = ("sender", "recipient", "read_at", "created_at")
    search_fields = (
        "sender__email__startswith",
        "recipient__email__startswith",
        "conversation_id__exact",
    )
    search_help_text = "Beginning of the sender's or recipient's e-mail, or a conversation's id"
    violations = {
        "messages_recipient_check": ("recipient", "The recipient must not be the sender."),
        "messages_parent_check": ("parent_message", "A message cannot be a reply to itself."),
    }

    @admin.display(description="Message")
    def text(self, message: Message) -> str:
        return caption(message.subject or message.content)


@admin.register(DiscussionThread)
class DiscussionThreadAdmin(ModelAdmin):
    icon = "forum"
    named_by = ("author", "course")
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
    list_filter = (
        "is_pinned",
        "is_locked",
        "course",
        "author",
        "reply_count",
        "last_activity_at",
        "created_at",
    )
    search_fields = ("title", "course__title", "author__email__startswith")
    search_help_text = (
        "Part of the title of the thread or course, or beginning of the author's e-mail"
    )
    readonly_fields = ("view_count", "reply_count", "last_activity_at")


@admin.register(DiscussionPost)
class DiscussionPostAdmin(ModelAdmin):
    icon = "chat"
    named_by = ("author", "thread__course")
    list_display = (
        "text",
        "thread",
        "author",
        "upvote_count",
        "is_solution",
        "is_deleted",
        "created_at",
    )
    list_filter = (
        "is_solution",
        "is_deleted",
        "thread",
        "author",
        "upvote_count",
        "edited_at",
        "created_at",
    )
    search_fields = ("content", "thread__title", "author__email__startswith")
    search_help_text = "Part of the text or the thread's title, or beginning of the author's e-mail"
    readonly_fields = ("upvote_count", "edited_at", "edit_history")
    violations = {
        "discussion_posts_solution_uniq": ("is_solution", "The thread already has a solution."),
        "discussion_posts_content_check": ("content", "A post needs a text unless it is deleted."),
        "discussion_posts_edited_at_check": (
            "edited_at",
            "The time of the edit must not be before the time of the post.",
        ),
        "discussion_posts_parent_check": ("parent_post", "A post cannot be a reply to itself."),
    }

    @admin.display(description="Post")
    def text(self, post: DiscussionPost) -> str:
        return caption(post.content) if post.content else "Deleted post"


@admin.register(Announcement)
class AnnouncementAdmin(ModelAdmin):
    icon = "campaign"
    named_by = ("course",)
    list_display = ("title", "course", "educator", "scheduled_for", "published_at")
    list_filter = ("course", "educator", "scheduled_for", "published_at")
    search_fields = ("title", "course__title", "educator__email__startswith")
    search_help_text = (
        "Part of the title of the announcement or course, or beginning of the educator's e-mail"
    )
    allowed: ClassVar[dict[str, Allowed]] = {"educator": EDUCATOR}
