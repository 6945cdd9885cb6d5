"""Rows of notifications."""

from config.demo.randomness import DAY, Chance, stamp, stamp_if
from config.demo.rows import Row
from notifications.enums import NotificationType, Priority

NOTIFICATION_LIFETIME = 90 * DAY
PRIORITIES = {
    NotificationType.ASSIGNMENT_DUE: Priority.URGENT,
    NotificationType.REFUND_PROCESSED: Priority.HIGH,
    NotificationType.GRADE_POSTED: Priority.HIGH,
}


def is_unexpired(moment: int, end: int) -> bool:
    """Return whether a notification of that moment exists and has not expired at the `end`."""
    return end - NOTIFICATION_LIFETIME < moment < end


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
) -> Row:
    """Return the row of a notification; most are read within three days."""
    read = moment + chance.between(60, 3 * DAY)
    return Row(
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
            "expires_at": stamp(moment + NOTIFICATION_LIFETIME),
            "created_at": stamp(moment),
        },
    )
