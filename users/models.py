"""Accounts and their profiles."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from config.postgres import (
    INVISIBLE,
    EnumField,
    JSONField,
    Reference,
    caption,
    exactly_when,
    finite_check,
    json_check,
    not_blank_check,
)
from config.postgres.models import TimestampedModel
from users.enums import Role
from users.fields import LowercaseEmailField


class UserManager(BaseUserManager["User"]):
    """The manager of accounts, which hashes passwords.

    Query 1, the login: `User.objects.active().get(email=typed)`. The lookup ignores case.
    """

    def active(self) -> models.QuerySet["User"]:
        """Return open accounts."""
        return self.filter(deleted_at__isnull=True)

    def create_user(
        self, email: str, password: str | None = None, *, role: Role, **fields: Any
    ) -> "User":
        """Create an account. Without a password, no one can log in to it."""
        user = self.model(email=email, role=role, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an administrator, for `createsuperuser`."""
        return self.create_user(email, password, role=Role.ADMIN, **fields)


class User(AbstractBaseUser, TimestampedModel):
    """An account. Its role determines its permissions."""

    email = LowercaseEmailField(
        max_length=255, db_comment="Stored in lower case, so that it is unique regardless of case."
    )
    password = models.CharField(
        max_length=255,
        db_column="password_hash",
        db_comment="Django's format: algorithm$iterations$salt$hash; '' or '!...' disables login.",
    )
    role = EnumField(
        Role, db_comment="Determines what the user may do; there are no other permissions."
    )
    email_verified = models.BooleanField(
        db_default=False, db_comment="True if the owner of the address confirmed it."
    )
    verification_token = models.CharField(  # noqa: DJ001
        max_length=255,
        null=True,
        blank=True,
        db_comment="Secret token of the confirmation link; NULL if no link is open.",
    )
    password_reset_token = models.CharField(  # noqa: DJ001
        max_length=255,
        null=True,
        blank=True,
        db_comment="Secret token of the password reset link; NULL if no link is open.",
    )
    password_reset_expires = models.DateTimeField(
        null=True, blank=True, db_comment="When the password reset link expires."
    )
    last_login = models.DateTimeField(
        null=True, blank=True, db_comment="NULL if the user has never logged in."
    )
    deleted_at = models.DateTimeField(
        null=True,
        blank=True,
        db_comment="When the account was closed (soft deletion); NULL while it is open.",
    )

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"

    distribution = Reference()

    class Meta:
        db_table = "users"
        db_table_comment = "Accounts of students, educators and administrators."
        constraints = (
            # Query 1: the login finds the account by its address.
            models.UniqueConstraint(fields=["email"], name="users_email_uniq"),
            # NULLs are distinct, so a token is unique if present.
            models.UniqueConstraint(
                fields=["verification_token"], name="users_verification_token_uniq"
            ),
            models.UniqueConstraint(
                fields=["password_reset_token"], name="users_password_reset_token_uniq"
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="users_email_lowercase_check"
            ),
            models.CheckConstraint(
                condition=Q(email__regex=rf"^[^@{INVISIBLE}]+@[^@{INVISIBLE}]+\.[^@{INVISIBLE}]+$"),
                name="users_email_shape_check",
            ),
            not_blank_check("verification_token", name="users_verification_token_check"),
            not_blank_check("password_reset_token", name="users_password_reset_token_check"),
            # The token and its expiry are set together.
            models.CheckConstraint(
                condition=exactly_when(
                    Q(password_reset_token__isnull=False), Q(password_reset_expires__isnull=False)
                ),
                name="users_password_reset_check",
            ),
            # An account is not deleted before it was created.
            models.CheckConstraint(
                condition=Q(deleted_at__gte=F("created_at")), name="users_deleted_at_check"
            ),
            finite_check(
                "created_at",
                "updated_at",
                "password_reset_expires",
                "last_login",
                "deleted_at",
                name="users_finite_check",
            ),
        )

    def __str__(self) -> str:
        return self.get_username()

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Return whether the account is open. Django refuses logins to closed accounts."""
        return self.deleted_at is None

    @property
    def is_superuser(self) -> bool:
        """Return whether the user is an active administrator."""
        return self.is_active and self.role == Role.ADMIN

    @property
    def is_staff(self) -> bool:
        """Return whether the user may enter the admin site."""
        return self.is_superuser

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Return whether the user is an active administrator, who has all permissions."""
        return self.is_superuser

    def has_perms(self, perm_list: Iterable[str], obj: object = None) -> bool:
        """Return the same as `has_perm`."""
        return self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        """Return the same as `has_perm`."""
        return self.is_superuser


class UserProfile(TimestampedModel):
    """The public profile and the preferences of a user."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.DB_CASCADE, related_name="profile")
    full_name = models.CharField(max_length=255, blank=True, db_default="")
    bio = models.TextField(blank=True, db_default="")
    avatar_url = models.URLField(max_length=500, blank=True, db_default="")
    timezone = models.CharField(
        max_length=50, db_default="UTC", db_comment="IANA name, such as Europe/Prague."
    )
    language = models.CharField(
        max_length=10, db_default="en", db_comment="Language code, such as en or pt-br."
    )
    notification_preferences = JSONField(
        blank=True,
        db_default={},
        db_comment="Object with the user's choice of notifications and channels.",
    )
    privacy_settings = JSONField(
        blank=True,
        db_default={},
        db_comment="Object with the visibility of each part of the profile.",
    )

    distribution = Reference()

    class Meta:
        db_table = "user_profiles"
        db_table_comment = "Public profiles and preferences of users."
        constraints = (
            not_blank_check("full_name", optional=True, name="user_profiles_full_name_check"),
            models.CheckConstraint(
                condition=Q(timezone__regex="^[A-Za-z0-9_+/-]+$"),
                name="user_profiles_timezone_check",
            ),
            models.CheckConstraint(
                condition=Q(language__regex="^[a-z]{2,3}([-_][A-Za-z0-9]+)*$"),
                name="user_profiles_language_check",
            ),
            json_check(
                "notification_preferences", name="user_profiles_notification_preferences_check"
            ),
            json_check("privacy_settings", name="user_profiles_privacy_settings_check"),
            finite_check("created_at", "updated_at", name="user_profiles_finite_check"),
        )

    def __str__(self) -> str:
        if not self.full_name:
            return f"Profile of {self.user}"
        return f"{caption(self.full_name)} ({self.user})"
