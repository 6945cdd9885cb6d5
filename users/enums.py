"""Enum types of the users app."""

from django.db import models


class Role(models.TextChoices):
    """What a user may do."""

    STUDENT = "student"
    EDUCATOR = "educator"
    ADMIN = "admin"
