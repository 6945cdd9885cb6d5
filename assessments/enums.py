"""Enum types of the assessments app."""

from django.db import models


class QuizType(models.TextChoices):
    """Purpose of a quiz."""

    FORMATIVE = "formative"
    SUMMATIVE = "summative"
    PRACTICE = "practice"


class QuestionType(models.TextChoices):
    """Form of the answer to a question."""

    MULTIPLE_CHOICE = "multiple_choice"
    TRUE_FALSE = "true_false"
    SHORT_ANSWER = "short_answer"
    ESSAY = "essay"
    FILL_BLANK = "fill_blank"
    MATCHING = "matching"


class QuestionDifficulty(models.TextChoices):
    """Difficulty of a question."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class GradingStatus(models.TextChoices):
    """State of grading of an attempt at a quiz."""

    AUTO_GRADED = "auto_graded"
    PENDING_REVIEW = "pending_review"
    GRADED = "graded"


class AssignmentGradingStatus(models.TextChoices):
    """State of grading of a submission for an assignment."""

    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    GRADED = "graded"
    REVISION_REQUESTED = "revision_requested"
