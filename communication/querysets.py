"""Queries for messages, discussions and announcements."""

from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL

from config.postgres import DistributedQuerySet, keyset_page
from config.postgres.citus import is_distributed

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


# Each step of the recursion finds the newest message of a conversation that is not found yet.
# `entries` unites sent and received messages. PostgreSQL merges both parts in the order of their
# indexes, so LIMIT returns the newest message. Because of OFFSET 0, PostgreSQL applies the
# condition on conversations after the merge. Otherwise it reads each part up to a new conversation.
# The result is an array, so that PostgreSQL expects few ids, and reads the messages by their keys.
INBOX = """
    WITH RECURSIVE inbox (id, created_at, conversations) AS (
        SELECT NULL::uuid, 'infinity'::timestamptz, '{}'::uuid[]
         UNION ALL
        SELECT latest.id, latest.created_at, conversations || conversation_id
          FROM inbox
         CROSS JOIN LATERAL (
            SELECT *
              FROM (
                SELECT id, created_at, conversation_id
                  FROM (
                    SELECT sender_id AS user_id, deleted_by_sender AS deleted_at,
                           id, created_at, conversation_id
                      FROM messages
                     UNION ALL
                    SELECT recipient_id, deleted_by_recipient, id, created_at, conversation_id
                      FROM messages
                  ) AS entries
                 WHERE user_id = %s AND deleted_at IS NULL
                   AND (created_at, id) < (inbox.created_at, inbox.id)
                 ORDER BY created_at DESC, id DESC
                OFFSET 0
              ) AS older
             WHERE conversation_id <> ALL (conversations)
             LIMIT 1
          ) AS latest
         WHERE cardinality(conversations) < %s
    )
    SELECT unnest(ARRAY(SELECT id FROM inbox))
"""


class MessageQuerySet(DistributedQuerySet["Message"]):
    """The queries for messages, as their sender or recipient sees them."""

    def inbox(self, user: "User", conversations: int = 20) -> Self:
        """Query 13: return the latest message of each conversation of a user, newest first.

        Messages that the user deleted do not count. The query reads the user's messages, newest
        first, until it has found `conversations` conversations. If there are fewer, it reads all.
        """
        # Search all messages, because conditions of this queryset must not change the latest one.
        messages = self.model.objects.using(self.db)
        latest = (
            messages._latest_of_all(user).newest_first()[:conversations].values("pk")
            if is_distributed(self.model, self.db)  # a recursive query cannot read several servers
            else RawSQL(INBOX, (user.pk, conversations))  # noqa: S611
        )
        return self.filter(pk__in=latest).newest_first()

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-id")

    def _latest_of_all(self, user: "User") -> Self:
        """Return the latest message of each conversation, by a query that works on a cluster.

        The query reads all messages of the user.
        """
        visible = self.filter(
            Q(sender=user, deleted_by_sender__isnull=True)
            | Q(recipient=user, deleted_by_recipient__isnull=True)
        )
        latest = visible.order_by("conversation_id", "-created_at", "-id")
        return self.filter(pk__in=latest.distinct("conversation_id").values("pk"))

    def conversation(self, conversation_id: UUID, after: "Message | None" = None) -> Self:
        """Query 14: return the messages of a conversation, newest first.

        With `after`, begin after that message.
        """
        return keyset_page(self.filter(conversation_id=conversation_id), "created_at", after)

    def unread(self) -> Self:
        """Query 15: return unread messages: `user.received_messages.unread().count()`."""
        return self.filter(UNREAD)


class DiscussionThreadQuerySet(models.QuerySet["DiscussionThread"]):
    """The queries for threads of a forum."""

    def forum(self) -> Self:
        """Query 18: sort pinned first, then by activity: `course.discussion_threads.forum()`."""
        return self.order_by("-is_pinned", "-last_activity_at")


class DiscussionPostQuerySet(DistributedQuerySet["DiscussionPost"]):
    """The queries for posts of a thread or replies to a post."""

    def in_order(self) -> Self:
        """Query 19: sort by time: `thread.posts.in_order()`, `post.replies.in_order()`."""
        return self.order_by("created_at", "id")


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    """The queries for published and scheduled announcements."""

    def published(self) -> Self:
        """Query 20: return published rows, newest first: `course.announcements.published()`."""
        return self.filter(published_at__isnull=False).order_by("-published_at")

    def due(self, now: datetime) -> Self:
        """Query 20: return scheduled announcements that are due, earliest first."""
        return self.filter(published_at__isnull=True, scheduled_for__lte=now).order_by(
            "scheduled_for"
        )
