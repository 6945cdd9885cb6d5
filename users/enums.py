"""Enum types of the users app."""

from django.db import models


class Role(models.TextChoices):
    """Role of a user, which determines permissions."""

    STUDENT = "student"
    EDUCATOR = "educator"
    ADMIN = "admin"
