"""Rules of notifications."""

from tests.constraints.rules import Rule, json_shape, not_blank
from tests.factories import NotificationFactory

RULES = [
    not_blank("notifications_title_check", NotificationFactory),
    not_blank("notifications_content_check", NotificationFactory),
    json_shape("object", "notifications_metadata_check", NotificationFactory),
    Rule(
        "notifications_expires_at_check",
        NotificationFactory,
        refused=["expires_at = created_at", "expires_at = created_at - interval '1 day'"],
        accepted=["expires_at = created_at + interval '1 microsecond'"],
    ),
]
