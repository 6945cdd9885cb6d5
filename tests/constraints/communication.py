"""Rules of messages, discussions and announcements."""

from tests.constraints.rules import Rule, at_least, json_shape, not_blank, same_as_other

RULES = [
    Rule(
        "messages_recipient_check",
        refused=["recipient_id = sender_id", "sender_id = recipient_id"],
        accepted=["recipient_id = sender_id, sender_id = recipient_id"],
    ),
    not_blank("messages_subject_check", optional=True),
    not_blank("messages_content_check"),
    json_shape("array", "messages_attachments_check"),
    Rule(
        "messages_parent_check",
        refused=["parent_message_id = id"],
        accepted=["parent_message_id = %(other)s"],
    ),
    not_blank("discussion_threads_title_check"),
    not_blank("discussion_threads_content_check"),
    at_least(0, "discussion_threads_view_count_check"),
    at_least(0, "discussion_threads_reply_count_check"),
    Rule(
        "discussion_posts_solution_uniq",
        refused=[same_as_other("discussion_posts", "thread_id")],
        accepted=[same_as_other("discussion_posts", "thread_id") + ", is_solution = false"],
        state={"solution": True},
    ),
    Rule(
        "discussion_posts_content_check",
        refused=["content = ''", r"content = E' \t\n'"],
        accepted=["content = '.'", "content = '', is_deleted = true"],
    ),
    at_least(0, "discussion_posts_upvote_count_check"),
    Rule(
        "discussion_posts_edited_at_check",
        refused=["edited_at = created_at - interval '1 microsecond'"],
        accepted=["edited_at = created_at"],
    ),
    json_shape("array", "discussion_posts_edit_history_check"),
    Rule(
        "discussion_posts_parent_check",
        refused=["parent_post_id = id"],
        accepted=["parent_post_id = %(other)s"],
    ),
    not_blank("announcements_title_check"),
    not_blank("announcements_content_check"),
]
