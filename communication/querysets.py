"""Queries for messages, discussions and announcements."""

from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    # Ruff does not see that the base classes below name these models in quotes.
    from communication.models import (  # noqa: F401
        Announcement,
        DiscussionPost,
        DiscussionThread,
        Message,
    )
    from users.models import User

UNREAD = Q(read_at__isnull=True, deleted_by_recipient__isnull=True)


class MessageQuerySet(models.QuerySet["Message"]):
    """The queries for messages, as their sender or recipient sees them."""

    def visible_to(self, user: "User") -> Self:
        """Return messages that the user sent or received and did not delete."""
        return self.filter(
            Q(sender=user, deleted_by_sender__isnull=True)
            | Q(recipient=user, deleted_by_recipient__isnull=True)
        )

    def inbox(self, user: "User") -> Self:
        """Query 13: return the latest message of each of the user's conversations, newest first."""
        latest = (
            self.visible_to(user)
            .order_by("conversation_id", "-created_at", "-id")
            .distinct("conversation_id")
        )
        return self.filter(pk__in=latest.values("pk")).order_by("-created_at", "-id")

    def conversation(self, conversation_id: UUID, after: "Message | None" = None) -> Self:
        """Query 14: return the messages, newest first, beginning after `after`."""
        messages = self.filter(conversation_id=conversation_id)
        if after:
            messages = messages.filter(created_at__lte=after.created_at).exclude(
                created_at=after.created_at, id__gte=after.id
            )
        return messages.order_by("-created_at", "-id")

    def unread(self) -> Self:
        """Query 15: return unread messages: `user.received_messages.unread().count()`."""
        return self.filter(UNREAD)


class DiscussionThreadQuerySet(models.QuerySet["DiscussionThread"]):
    """The queries for threads of a forum."""

    def forum(self) -> Self:
        """Query 18: sort by pinned, then activity: `course.discussion_threads.forum()`."""
        return self.order_by("-is_pinned", "-last_activity_at")


class DiscussionPostQuerySet(models.QuerySet["DiscussionPost"]):
    """The queries for posts of a thread or replies to a post."""

    def in_order(self) -> Self:
        """Query 19: sort by time: `thread.posts.in_order()`, `post.replies.in_order()`."""
        return self.order_by("created_at", "id")


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    """The queries for published and scheduled announcements."""

    def published(self) -> Self:
        """Query 20: return published ones, newest first: `course.announcements.published()`."""
        return self.filter(published_at__isnull=False).order_by("-published_at")

    def due(self, now: datetime) -> Self:
        """Query 20: return scheduled announcements that are due, earliest first."""
        return self.filter(published_at__isnull=True, scheduled_for__lte=now).order_by(
            "scheduled_for"
        )
