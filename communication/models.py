"""Messages between users, discussions of courses, announcements of educators."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from communication.querysets import (
    UNREAD,
    AnnouncementQuerySet,
    DiscussionPostQuerySet,
    DiscussionThreadQuerySet,
    MessageQuerySet,
)
from config.postgres import (
    Distributed,
    JSONField,
    Now,
    Reference,
    caption,
    finite_check,
    json_check,
    minute,
    not_blank,
    not_blank_check,
)
from config.postgres.models import TimestampedModel


class Message(TimestampedModel):
    """A message from one user to another."""

    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DB_CASCADE, db_index=False, related_name="sent_messages"
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DB_CASCADE,
        db_index=False,
        related_name="received_messages",
    )
    conversation_id = models.UUIDField(
        db_comment="Shared by all messages of a conversation; made with the first one."
    )
    subject = models.CharField(max_length=255, blank=True, db_default="")
    content = models.TextField()
    attachments = JSONField(blank=True, db_default=[], db_comment="Array of objects, one per file.")
    read_at = models.DateTimeField(
        null=True, blank=True, db_comment="When the recipient first read it; NULL while unread."
    )
    is_read = models.GeneratedField(
        expression=Q(read_at__isnull=False),  # type: ignore[arg-type]
        output_field=models.BooleanField(),
        db_persist=True,
        db_comment="Generated from read_at. Filter by read_at, which the unread index uses.",
    )
    parent_message = models.ForeignKey(
        "self",
        models.DB_SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="replies",
        db_comment="The message that this one answers; NULL if there is none, or it was removed.",
    )
    deleted_by_sender = models.DateTimeField(
        null=True,
        blank=True,
        db_comment="When the sender hid it from their own view; NULL if they did not.",
    )
    deleted_by_recipient = models.DateTimeField(
        null=True,
        blank=True,
        db_comment="When the recipient hid it from their own view; NULL if they did not.",
    )

    objects = MessageQuerySet.as_manager()

    distribution = Distributed("conversation_id", colocated=False)

    class Meta:
        db_table = "messages"
        db_table_comment = "Messages from one user to another, grouped in conversations."
        indexes = (
            # Query 13: the inbox finds messages that the user sent, scanned backwards for newest
            # first; the id breaks ties.
            models.Index(fields=["sender", "created_at", "id"], name="messages_sender_idx"),
            # Query 13: the inbox finds messages that the user received in the same way.
            models.Index(fields=["recipient", "created_at", "id"], name="messages_recipient_idx"),
            # Query 14: a conversation, scanned backwards for newest first; the id breaks ties
            # between pages.
            models.Index(
                fields=["conversation_id", "created_at", "id"], name="messages_conversation_idx"
            ),
            # Query 15: the unread badge counts with an index-only scan.
            models.Index(fields=["recipient"], condition=UNREAD, name="messages_unread_idx"),
            # Query 28: removing a message clears parent_message in its replies.
            models.Index(fields=["parent_message"], name="messages_parent_idx"),
        )
        constraints = (
            # A user does not write to themselves.
            models.CheckConstraint(
                condition=~Q(sender=F("recipient")), name="messages_recipient_check"
            ),
            not_blank_check("subject", optional=True, name="messages_subject_check"),
            not_blank_check("content", name="messages_content_check"),
            json_check("attachments", "array", name="messages_attachments_check"),
            # A reply does not answer itself.
            models.CheckConstraint(
                condition=~Q(parent_message=F("id")), name="messages_parent_check"
            ),
            finite_check(
                "created_at",
                "updated_at",
                "read_at",
                "deleted_by_sender",
                "deleted_by_recipient",
                name="messages_finite_check",
            ),
        )

    def __str__(self) -> str:
        name = caption(self.subject or self.content)
        return f"{name} · {self.sender} to {self.recipient}, {minute(self.created_at)}"


class DiscussionThread(TimestampedModel):
    """A thread in the forum of a course."""

    course = models.ForeignKey(
        "courses.Course", models.DB_CASCADE, db_index=False, related_name="discussion_threads"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DB_CASCADE,
        db_index=False,
        related_name="discussion_threads",
    )
    category = models.CharField(
        max_length=100,
        blank=True,
        db_default="",
        db_comment="Empty if the thread has no special category.",
    )
    title = models.CharField(max_length=255)
    content = models.TextField()
    is_pinned = models.BooleanField(
        db_default=False, db_comment="True if it stays at the top of the forum."
    )
    is_locked = models.BooleanField(
        db_default=False, db_comment="True if the application refuses new posts."
    )
    view_count = models.IntegerField(db_default=0, db_comment="Maintained by the application.")
    reply_count = models.IntegerField(
        db_default=0, db_comment="Number of posts in the thread; maintained by the application."
    )
    last_activity_at = models.DateTimeField(
        db_default=Now(), db_comment="When the thread was opened or last posted to."
    )

    objects = DiscussionThreadQuerySet.as_manager()

    distribution = Reference()

    class Meta:
        db_table = "discussion_threads"
        db_table_comment = "Threads in the forums of courses."
        indexes = (
            # Query 18: the forum, scanned backwards for pinned threads first, then by last
            # activity.
            models.Index(
                fields=["course", "is_pinned", "last_activity_at"],
                name="discussion_threads_forum_idx",
            ),
            # Query 28: removing an author removes their threads.
            models.Index(fields=["author"], name="discussion_threads_author_idx"),
        )
        constraints = (
            not_blank_check("title", name="discussion_threads_title_check"),
            not_blank_check("content", name="discussion_threads_content_check"),
            models.CheckConstraint(
                condition=Q(view_count__gte=0), name="discussion_threads_view_count_check"
            ),
            models.CheckConstraint(
                condition=Q(reply_count__gte=0), name="discussion_threads_reply_count_check"
            ),
            finite_check(
                "created_at",
                "updated_at",
                "last_activity_at",
                name="discussion_threads_finite_check",
            ),
        )

    def __str__(self) -> str:
        name = f"{caption(self.title)} · {self.author} in {self.course}"
        return f"{name}, {minute(self.created_at)}"


class DiscussionPost(TimestampedModel):
    """A post in a thread, or a reply to a post."""

    thread = models.ForeignKey(
        DiscussionThread, models.DB_CASCADE, db_index=False, related_name="posts"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DB_CASCADE, db_index=False, related_name="discussion_posts"
    )
    parent_post = models.ForeignKey(
        "self",
        models.DB_CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="replies",
        db_comment="The post that this one answers; NULL if it answers the thread.",
    )
    content = models.TextField(blank=True)  # A deleted post may be empty.
    upvote_count = models.IntegerField(db_default=0, db_comment="Maintained by the application.")
    is_solution = models.BooleanField(
        db_default=False,
        db_comment="True if it answers the thread's question; at most one post per thread.",
    )
    edited_at = models.DateTimeField(
        null=True, blank=True, db_comment="When the author last changed it; NULL if never."
    )
    edit_history = JSONField(
        blank=True,
        db_default=[],
        db_comment="Array of objects, one per earlier version of the text.",
    )
    is_deleted = models.BooleanField(
        db_default=False, db_comment="True if the post is hidden (soft deletion); its replies stay."
    )

    objects = DiscussionPostQuerySet.as_manager()

    distribution = Distributed("thread", colocated=False)

    class Meta:
        db_table = "discussion_posts"
        db_table_comment = "Posts in discussion threads, and replies to them."
        indexes = (
            # Query 19: the posts of a thread in order.
            models.Index(fields=["thread", "created_at"], name="discussion_posts_thread_idx"),
            # Query 19: the replies to a post in order.
            models.Index(fields=["parent_post", "created_at"], name="discussion_posts_parent_idx"),
            # Query 28: removing an author removes their posts.
            models.Index(fields=["author"], name="discussion_posts_author_idx"),
        )
        constraints = (
            # A thread has at most one solution.
            models.UniqueConstraint(
                fields=["thread"],
                condition=Q(is_solution=True),
                name="discussion_posts_solution_uniq",
            ),
            # Only a deleted post may have no text.
            models.CheckConstraint(
                condition=Q(is_deleted=True) | not_blank("content"),
                name="discussion_posts_content_check",
            ),
            models.CheckConstraint(
                condition=Q(upvote_count__gte=0), name="discussion_posts_upvote_count_check"
            ),
            # A post is not edited before it was posted.
            models.CheckConstraint(
                condition=Q(edited_at__gte=F("created_at")), name="discussion_posts_edited_at_check"
            ),
            json_check("edit_history", "array", name="discussion_posts_edit_history_check"),
            # A reply does not answer itself.
            models.CheckConstraint(
                condition=~Q(parent_post=F("id")), name="discussion_posts_parent_check"
            ),
            finite_check(
                "created_at", "updated_at", "edited_at", name="discussion_posts_finite_check"
            ),
        )

    def __str__(self) -> str:
        name = caption(self.content) if self.content else "Deleted post"
        thread = f"{caption(self.thread.title)} in {self.thread.course}"
        return f"{name} · {self.author}, {minute(self.created_at)} · {thread}"


class Announcement(TimestampedModel):
    """An announcement of an educator to all students of a course."""

    course = models.ForeignKey(
        "courses.Course", models.DB_CASCADE, db_index=False, related_name="announcements"
    )
    educator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DB_CASCADE, db_index=False, related_name="announcements"
    )
    title = models.CharField(max_length=255)
    content = models.TextField()
    scheduled_for = models.DateTimeField(
        null=True, blank=True, db_comment="When to publish it; NULL if it is published by hand."
    )
    published_at = models.DateTimeField(
        null=True, blank=True, db_comment="When it was published; NULL until then."
    )

    objects = AnnouncementQuerySet.as_manager()

    distribution = Reference()

    class Meta:
        db_table = "announcements"
        db_table_comment = "Announcements of educators to the students of a course."
        indexes = (
            # Query 20: published announcements of a course, scanned backwards for newest first.
            models.Index(fields=["course", "published_at"], name="announcements_course_idx"),
            # Query 20: scheduled announcements that are due.
            models.Index(
                fields=["scheduled_for"],
                condition=Q(published_at__isnull=True),
                name="announcements_due_idx",
            ),
            # Query 28: removing an educator removes their announcements.
            models.Index(fields=["educator"], name="announcements_educator_idx"),
        )
        constraints = (
            not_blank_check("title", name="announcements_title_check"),
            not_blank_check("content", name="announcements_content_check"),
            finite_check(
                "created_at",
                "updated_at",
                "scheduled_for",
                "published_at",
                name="announcements_finite_check",
            ),
        )

    def __str__(self) -> str:
        return f"{caption(self.title)} · {self.course}, {minute(self.created_at)}"
