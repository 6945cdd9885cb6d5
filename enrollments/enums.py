"""Enum types of the enrollments app."""

from django.db import models


class EnrollmentStatus(models.TextChoices):
    """Whether a student still takes a course."""

    ACTIVE = "active"
    COMPLETED = "completed"
    DROPPED = "dropped"


class ProgressStatus(models.TextChoices):
    """How far a student is in a lesson."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
