"""The rows that the queries for messages, discussions and announcements return."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from communication.models import Announcement, Message
from tests.factories import (
    AnnouncementFactory,
    CourseFactory,
    DiscussionPostFactory,
    DiscussionThreadFactory,
    MessageFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = timedelta(days=1)


def test_inbox__is_the_latest_message_of_each_conversation() -> None:
    first = MessageFactory.create(created_at=NOW - 3 * DAY)
    reply = MessageFactory.create(reply=True, parent_message=first, created_at=NOW - 2 * DAY)
    other = MessageFactory.create(sender=first.recipient, created_at=NOW - DAY)
    MessageFactory.create()
    assert list(Message.objects.inbox(first.recipient)) == [other, reply]


def test_inbox__omits_messages_that_the_user_hid() -> None:
    first = MessageFactory.create(created_at=NOW - 3 * DAY)
    MessageFactory.create(
        reply=True, parent_message=first, created_at=NOW - 2 * DAY, deleted_by_sender=NOW
    )
    MessageFactory.create(recipient=first.recipient, hidden_by_recipient=True)
    assert list(Message.objects.inbox(first.recipient)) == [first]


def test_inbox__keeps_messages_that_only_the_other_user_hid() -> None:
    received = MessageFactory.create(hidden_by_sender=True)
    sent = MessageFactory.create(sender=received.recipient, hidden_by_recipient=True)
    assert set(Message.objects.inbox(received.recipient)) == {received, sent}


def test_inbox_of_some_conversations__is_those_with_the_newest_messages() -> None:
    user = UserFactory.create()
    _, second, first = (
        MessageFactory.create(sender=user, created_at=NOW - days * DAY) for days in (2, 1, 0)
    )
    MessageFactory.create(
        sender=user, conversation_id=first.conversation_id, created_at=NOW - 0.5 * DAY
    )
    assert list(Message.objects.inbox(user, conversations=2)) == [first, second]


def test_inbox_of_messages_of_the_same_time__has_each_conversation_once() -> None:
    user = UserFactory.create()
    old, *others = MessageFactory.create_batch(3, recipient=user, created_at=NOW)
    new = MessageFactory.create(reply=True, parent_message=old, created_at=NOW)
    latest = sorted([new, *others], key=lambda message: message.pk, reverse=True)
    assert list(Message.objects.inbox(user)) == latest


def test_inbox_of_filtered_messages__is_the_same_on_a_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = MessageFactory.create(created_at=NOW, read=True)
    user, conversation_id = read.recipient, read.conversation_id
    MessageFactory.create(recipient=user, conversation_id=conversation_id, created_at=NOW - DAY)
    unread = MessageFactory.create(recipient=user)
    messages = Message.objects.unread()
    assert list(messages.inbox(user)) == [unread]
    monkeypatch.setattr(connection, "is_cluster", True)
    assert list(messages.inbox(user)) == [unread]


def test_inbox_of_a_user_without_messages__is_empty() -> None:
    MessageFactory.create()
    assert list(Message.objects.inbox(UserFactory.create())) == []


def test_conversation__is_newest_first() -> None:
    old = MessageFactory.create(created_at=NOW - DAY)
    new = MessageFactory.create(reply=True, parent_message=old, created_at=NOW)
    MessageFactory.create()
    assert list(Message.objects.conversation(old.conversation_id)) == [new, old]


def test_conversation_after_each_of_its_messages__is_the_rest() -> None:
    conversation_id = MessageFactory.create(created_at=NOW).conversation_id
    for created_at in (NOW - DAY, NOW - DAY, NOW - DAY, NOW - 2 * DAY):
        MessageFactory.create(conversation_id=conversation_id, created_at=created_at)
    messages = list(Message.objects.conversation(conversation_id))
    pages = [list(Message.objects.conversation(conversation_id, after=m)) for m in messages]
    assert pages == [messages[seen:] for seen in range(1, 6)]


@pytest.mark.parametrize(
    ("state", "number"),
    [
        ({}, 1),
        ({"hidden_by_sender": True}, 1),
        ({"read": True}, 0),
        ({"hidden_by_recipient": True}, 0),
    ],
)
def test_badge_of_messages__counts_unread_ones(state: dict[str, Any], number: int) -> None:
    message = MessageFactory.create(**state)
    MessageFactory.create(sender=message.recipient)
    assert message.recipient.received_messages.unread().count() == number


def test_forum_of_a_course__is_pinned_first_then_by_last_activity() -> None:
    course = CourseFactory.create()
    pinned, quiet, lively = (
        DiscussionThreadFactory.create(
            course=course, is_pinned=is_pinned, last_activity_at=NOW - days * DAY
        )
        for is_pinned, days in ((True, 2), (False, 1), (False, 0))
    )
    DiscussionThreadFactory.create()
    assert list(course.discussion_threads.forum()) == [pinned, lively, quiet]


def test_posts_of_a_thread__are_in_order() -> None:
    second = DiscussionPostFactory.create(created_at=NOW)
    first = DiscussionPostFactory.create(thread=second.thread, created_at=NOW - DAY)
    DiscussionPostFactory.create()
    assert list(second.thread.posts.in_order()) == [first, second]


def test_replies_to_a_post__are_in_order() -> None:
    post = DiscussionPostFactory.create()
    second = DiscussionPostFactory.create(reply=True, parent_post=post, created_at=NOW)
    first = DiscussionPostFactory.create(reply=True, parent_post=post, created_at=NOW - DAY)
    assert list(post.replies.in_order()) == [first, second]


def test_published_announcements_of_a_course__are_newest_first() -> None:
    course = CourseFactory.create()
    old, new = (
        AnnouncementFactory.create(course=course, published_at=NOW - days * DAY) for days in (1, 0)
    )
    AnnouncementFactory.create(course=course, due=True)
    AnnouncementFactory.create(published=True)
    assert list(course.announcements.published()) == [new, old]


def test_due_announcements__are_unpublished_and_sorted_by_due_time() -> None:
    now_due, long_due = (
        AnnouncementFactory.create(scheduled_for=NOW - days * DAY) for days in (0, 1)
    )
    AnnouncementFactory.create(scheduled=True)
    AnnouncementFactory.create(due=True, published=True)
    AnnouncementFactory.create()
    assert list(Announcement.objects.due(NOW)) == [long_due, now_due]
