"""Enum types with labels that are not in alphabetical order."""

from django.db import models


class Urgency(models.TextChoices):
    """The urgency of a ticket."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Channel(models.TextChoices):
    """The channel through which a ticket arrived."""

    WEB = "web", "Web form"
    PHONE = "phone", "Phone call"
    EMAIL = "email", "E-mail"
