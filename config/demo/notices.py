"""Rows of notifications."""

from collections.abc import Iterator

from config.demo.chance import DAY, Chance, stamp, stamp_if
from config.demo.rows import Row
from notifications.enums import NotificationType, Priority

KEPT = 90 * DAY
"""Older ones were swept."""
PRIORITIES = {
    NotificationType.ASSIGNMENT_DUE: Priority.URGENT,
    NotificationType.REFUND_PROCESSED: Priority.HIGH,
    NotificationType.GRADE_POSTED: Priority.HIGH,
}


def notification(
    chance: Chance,
    moment: int,
    end: int,
    recipient: str,
    about: NotificationType,
    title: str,
    content: str,
    path: str,
    metadata: str,
) -> Iterator[Row]:
    """One, unless it is too old to be there still; most were read within three days."""
    if not end - KEPT < moment < end:
        return
    read = moment + chance.between(60, 3 * DAY)
    yield (
        "notifications",
        {
            "id": chance.uuid(moment),
            "recipient_id": recipient,
            "notification_type": about.value,
            "title": title,
            "content": content,
            "action_url": f"https://learn.example.com{path}",
            "priority": PRIORITIES.get(about, Priority.NORMAL).value,
            "read_at": stamp_if(read if read < end and chance.odds(0.75) else None),
            "metadata": metadata,
            "expires_at": stamp(moment + KEPT),
            "created_at": stamp(moment),
        },
    )
