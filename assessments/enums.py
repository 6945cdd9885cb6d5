"""Enum types of the assessments app."""

from django.db import models


class QuizType(models.TextChoices):
    """What a quiz is for."""

    FORMATIVE = "formative"
    SUMMATIVE = "summative"
    PRACTICE = "practice"


class QuestionType(models.TextChoices):
    """How a question is answered."""

    MULTIPLE_CHOICE = "multiple_choice"
    TRUE_FALSE = "true_false"
    SHORT_ANSWER = "short_answer"
    ESSAY = "essay"
    FILL_BLANK = "fill_blank"
    MATCHING = "matching"


class QuestionDifficulty(models.TextChoices):
    """How hard a question is."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class GradingStatus(models.TextChoices):
    """Who graded an attempt at a quiz, or still has to."""

    AUTO_GRADED = "auto_graded"
    PENDING_REVIEW = "pending_review"
    GRADED = "graded"


class AssignmentGradingStatus(models.TextChoices):
    """Where an assignment that was handed in is on its way to a grade."""

    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    GRADED = "graded"
    REVISION_REQUESTED = "revision_requested"
