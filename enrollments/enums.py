"""Enum types of the enrollments app."""

from django.db import models


class EnrollmentStatus(models.TextChoices):
    """State of a student's enrollment in a course."""

    ACTIVE = "active"
    COMPLETED = "completed"
    DROPPED = "dropped"


class ProgressStatus(models.TextChoices):
    """Progress of a student in a lesson."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
