"""Enum types of the courses app."""

from django.db import models


class CourseStatus(models.TextChoices):
    """Where a course is on its way to the catalogue."""

    DRAFT = "draft"
    PENDING_REVIEW = "pending_review"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Difficulty(models.TextChoices):
    """Whom a course is for."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class LessonType(models.TextChoices):
    """What a lesson consists of."""

    VIDEO = "video"
    TEXT = "text"
    QUIZ = "quiz"
    ASSIGNMENT = "assignment"
