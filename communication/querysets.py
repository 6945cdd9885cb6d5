"""What is asked of messages, discussions and announcements."""

from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    # Named in quotes below, which ruff does not see in a base class.
    from communication.models import (  # noqa: F401
        Announcement,
        DiscussionPost,
        DiscussionThread,
        Message,
    )
    from users.models import User

UNREAD = Q(read_at__isnull=True, deleted_by_recipient__isnull=True)


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages as one of their two users sees them."""

    def visible_to(self, user: "User") -> Self:
        """Sent or received by the user, who did not delete them."""
        return self.filter(
            Q(sender=user, deleted_by_sender__isnull=True)
            | Q(recipient=user, deleted_by_recipient__isnull=True)
        )

    def inbox(self, user: "User") -> Self:
        """Query 13: the latest message of each conversation of the user, newest first."""
        latest = (
            self.visible_to(user)
            .order_by("conversation_id", "-created_at", "-id")
            .distinct("conversation_id")
        )
        return self.filter(pk__in=latest.values("pk")).order_by("-created_at", "-id")

    def conversation(self, conversation_id: UUID, after: "Message | None" = None) -> Self:
        """Query 14: its messages, newest first; the page after that message."""
        messages = self.filter(conversation_id=conversation_id)
        if after:
            messages = messages.filter(created_at__lte=after.created_at).exclude(
                created_at=after.created_at, id__gte=after.id
            )
        return messages.order_by("-created_at", "-id")

    def unread(self) -> Self:
        """Query 15: `user.received_messages.unread().count()`."""
        return self.filter(UNREAD)


class DiscussionThreadQuerySet(models.QuerySet["DiscussionThread"]):
    """Threads of a forum."""

    def forum(self) -> Self:
        """Query 18: `course.discussion_threads.forum()`, pinned first, then last activity."""
        return self.order_by("-is_pinned", "-last_activity_at")


class DiscussionPostQuerySet(models.QuerySet["DiscussionPost"]):
    """Posts of a thread, or replies to a post."""

    def in_order(self) -> Self:
        """Query 19: `thread.posts.in_order()`, `post.replies.in_order()`."""
        return self.order_by("created_at", "id")


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    """Announcements, published or to come."""

    def published(self) -> Self:
        """Query 20: `course.announcements.published()`, newest first."""
        return self.filter(published_at__isnull=False).order_by("-published_at")

    def due(self, now: datetime) -> Self:
        """Query 20: scheduled ones that have to be published now."""
        return self.filter(published_at__isnull=True, scheduled_for__lte=now).order_by(
            "scheduled_for"
        )
