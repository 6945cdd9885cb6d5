"""Enum types whose order is not the alphabet's."""

from django.db import models


class Urgency(models.TextChoices):
    """How soon a ticket wants an answer."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Channel(models.TextChoices):
    """How a ticket came in."""

    WEB = "web", "Web form"
    PHONE = "phone", "Phone call"
    EMAIL = "email", "E-mail"
