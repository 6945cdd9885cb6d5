"""Quizzes, assignments and submissions in the admin."""

from django.contrib import admin

from assessments.models import Assignment, AssignmentSubmission, Question, Quiz, QuizSubmission
from config.database.admin import ModelAdmin


@admin.register(Quiz)
class QuizAdmin(ModelAdmin):
    list_display = (
        "title",
        "lesson",
        "quiz_type",
        "passing_score_percentage",
        "time_limit_minutes",
        "max_attempts",
        "available_from",
        "available_until",
    )
    list_filter = ("quiz_type", "available_from", "available_until")
    search_fields = ("title", "lesson__title")
    search_help_text = "A part of the title, or of the lesson's."
    raw_id_fields = ("lesson",)


@admin.register(Question)
class QuestionAdmin(ModelAdmin):
    list_display = ("__str__", "quiz", "question_type", "difficulty", "points")
    list_filter = ("question_type", "difficulty", "created_at", "updated_at")
    search_fields = ("question_text", "quiz__title")
    search_help_text = "A part of the question, or of the quiz's title."
    ordering = ("quiz_id", "order_number")
    autocomplete_fields = ("quiz",)


@admin.register(QuizSubmission)
class QuizSubmissionAdmin(ModelAdmin):
    list_display = (
        "student",
        "quiz",
        "attempt_number",
        "grading_status",
        "score_percentage",
        "submitted_at",
        "graded_at",
    )
    list_filter = ("grading_status", "submitted_at", "graded_at")
    search_fields = ("student__email__exact",)
    search_help_text = "The student's e-mail address."
    autocomplete_fields = ("quiz", "student", "graded_by")
    raw_id_fields = ("enrollment",)


@admin.register(Assignment)
class AssignmentAdmin(ModelAdmin):
    list_display = (
        "title",
        "lesson",
        "due_date",
        "max_points",
        "late_submission_allowed",
        "requires_file_upload",
    )
    list_filter = ("due_date", "late_submission_allowed", "requires_file_upload")
    search_fields = ("title", "lesson__title")
    search_help_text = "A part of the title, or of the lesson's."
    raw_id_fields = ("lesson",)


@admin.register(AssignmentSubmission)
class AssignmentSubmissionAdmin(ModelAdmin):
    list_display = (
        "student",
        "assignment",
        "revision_number",
        "grading_status",
        "is_late",
        "points_awarded",
        "submitted_at",
        "graded_at",
    )
    list_filter = ("grading_status", "is_late", "submitted_at", "graded_at")
    search_fields = ("student__email__exact",)
    search_help_text = "The student's e-mail address."
    autocomplete_fields = ("assignment", "student", "graded_by")
    raw_id_fields = ("enrollment", "parent_submission")
