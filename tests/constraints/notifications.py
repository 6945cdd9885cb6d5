"""Rules of notifications."""

from tests.constraints.rules import Rule, json_shape, not_blank

RULES = [
    not_blank("notifications_title_check"),
    not_blank("notifications_content_check"),
    json_shape("object", "notifications_metadata_check"),
    Rule(
        "notifications_expires_at_check",
        refused=["expires_at = created_at", "expires_at = created_at - interval '1 day'"],
        accepted=["expires_at = created_at + interval '1 microsecond'"],
    ),
]
