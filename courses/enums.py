"""Enum types of the courses app."""

from django.db import models


class CourseStatus(models.TextChoices):
    """Stage of a course on its way to the catalogue."""

    DRAFT = "draft"
    PENDING_REVIEW = "pending_review"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Difficulty(models.TextChoices):
    """Level of the students that a course is for."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class LessonType(models.TextChoices):
    """Form of a lesson."""

    VIDEO = "video"
    TEXT = "text"
    QUIZ = "quiz"
    ASSIGNMENT = "assignment"
