"""Rules of accounts and profiles."""

from tests.constraints.rules import Rule, json_shape, not_blank, unique

RULES = [
    unique("users_email_uniq", "email"),
    unique("users_verification_token_uniq", "verification_token", verifying=True),
    unique("users_password_reset_token_uniq", "password_reset_token", resetting_password=True),
    Rule(
        "users_email_lowercase_check",
        refused=["email = 'Ada@example.com'", "email = 'ada@example.COM'"],
        accepted=["email = 'ada@example.com'"],
    ),
    Rule(
        "users_email_shape_check",
        refused=[
            "email = ''",
            "email = 'ada'",
            "email = 'ada@example'",
            "email = '@example.com'",
            "email = 'ada@.'",
            "email = 'ada@b@example.com'",
            "email = 'ada lovelace@example.com'",
            "email = ' ada@example.com'",
            r"email = E'\u200b@example.com'",
            r"email = E'ada@example.com\n'",
        ],
        accepted=["email = 'a@b.c'", "email = 'ada.l+tag@mail.example.co.uk'"],
    ),
    not_blank("users_verification_token_check"),
    Rule(
        "users_password_reset_token_check",
        refused=["password_reset_token = ''", "password_reset_token = ' '"],
        accepted=["password_reset_token = '.'"],
        state={"resetting_password": True},
    ),
    Rule(
        "users_password_reset_check",
        refused=["password_reset_token = 'secret'", "password_reset_expires = now()"],
        accepted=["password_reset_token = 'secret', password_reset_expires = now()"],
    ),
    Rule(
        "users_password_reset_check",
        refused=["password_reset_token = NULL", "password_reset_expires = NULL"],
        accepted=["password_reset_token = NULL, password_reset_expires = NULL"],
        state={"resetting_password": True},
    ),
    Rule(
        "users_deleted_at_check",
        refused=["deleted_at = created_at - interval '1 microsecond'"],
        accepted=["deleted_at = created_at", "deleted_at = now()"],
    ),
    unique("user_profiles_user_id_uniq", "user_id"),
    not_blank("user_profiles_full_name_check", optional=True),
    Rule(
        "user_profiles_timezone_check",
        refused=[
            "timezone = ''",
            "timezone = ' '",
            "timezone = 'Europe / Prague'",
            r"timezone = E'\u200b'",
        ],
        accepted=["timezone = 'Europe/Prague'"],
    ),
    Rule(
        "user_profiles_language_check",
        refused=[
            "language = ''",
            "language = 'e'",
            "language = 'engl'",
            "language = 'EN'",
            "language = 'en-'",
            "language = 'en us'",
        ],
        accepted=["language = 'cs'", "language = 'pt-br'", "language = 'zh-Hant-TW'"],
    ),
    json_shape("object", "user_profiles_notification_preferences_check"),
    json_shape("object", "user_profiles_privacy_settings_check"),
]
