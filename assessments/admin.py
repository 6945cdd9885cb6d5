"""Quizzes, assignments and submissions in the admin."""

from django.contrib import admin

from assessments.models import Assignment, AssignmentSubmission, Question, Quiz, QuizSubmission
from config.admin import ModelAdmin, StackedInline


class QuestionInline(StackedInline):
    model = Question
    fields = (
        "order_number",
        "question_type",
        "question_text",
        "options",
        "correct_answer",
        "points",
        "difficulty",
    )
    ordering_field = "order_number"


@admin.register(Quiz)
class QuizAdmin(ModelAdmin):
    icon = "quiz"
    named_by = ("lesson",)
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
    list_filter = (
        "quiz_type",
        "lesson",
        "passing_score_percentage",
        "time_limit_minutes",
        "available_from",
        "available_until",
    )
    search_fields = ("title", "lesson__title", "lesson__module__course__title")
    search_help_text = "Part of the title of the quiz, the lesson or the course"
    inlines = (QuestionInline,)
    violations = {
        "quizzes_available_check": ("available_until", "A quiz must close after it opens."),
    }


@admin.register(Question)
class QuestionAdmin(ModelAdmin):
    icon = "help"
    named_by = ("quiz",)
    list_display = ("text", "quiz", "question_type", "difficulty", "points")
    list_filter = ("question_type", "difficulty", "quiz", "points", "created_at", "updated_at")
    search_fields = ("question_text", "quiz__title", "quiz__lesson__module__course__title")
    search_help_text = "Part of the question, or of the title of the quiz or the course"
    ordering = ("quiz_id", "order_number")
    violations = {
        "questions_choice_options_check": (
            "options",
            "A question of this type needs options to choose from.",
        ),
        "questions_correct_answer_check": (
            "correct_answer",
            'The answer cannot be null; enter "" if a person decides.',
        ),
    }

    @admin.display(description="Question")
    def text(self, question: Question) -> str:
        return f"{question.order_number}. {question.get_inline_title()}"


@admin.register(QuizSubmission)
class QuizSubmissionAdmin(ModelAdmin):
    icon = "fact_check"
    named_by = ("student", "quiz")
    list_display = (
        "student",
        "quiz",
        "attempt_number",
        "grading_status",
        "score_percentage",
        "submitted_at",
        "graded_at",
    )
    list_filter = (
        "grading_status",
        "quiz",
        "student",
        "graded_by",
        "score_percentage",
        "submitted_at",
        "graded_at",
    )
    search_fields = ("student__email__startswith",)
    search_help_text = "Beginning of the student's e-mail address"
    violations = {
        "quiz_submissions_submitted_at_check": (
            "submitted_at",
            "The submission time must not be before the start.",
        ),
        "quiz_submissions_graded_check": ("graded_at", "A graded submission needs a grading time."),
        "quiz_submissions_graded_at_check": (
            "graded_at",
            "The grading time must not be before the submission.",
        ),
    }


@admin.register(Assignment)
class AssignmentAdmin(ModelAdmin):
    icon = "assignment"
    named_by = ("lesson",)
    list_display = (
        "title",
        "lesson",
        "due_date",
        "max_points",
        "late_submission_allowed",
        "requires_file_upload",
    )
    list_filter = (
        "due_date",
        "lesson",
        "max_points",
        "late_submission_allowed",
        "requires_file_upload",
    )
    search_fields = ("title", "lesson__title", "lesson__module__course__title")
    search_help_text = "Part of the title of the assignment, the lesson or the course"


@admin.register(AssignmentSubmission)
class AssignmentSubmissionAdmin(ModelAdmin):
    icon = "assignment_turned_in"
    named_by = ("student", "assignment")
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
    list_filter = (
        "grading_status",
        "is_late",
        "assignment",
        "student",
        "graded_by",
        "points_awarded",
        "submitted_at",
        "graded_at",
    )
    search_fields = ("student__email__startswith",)
    search_help_text = "Beginning of the student's e-mail address"
    violations = {
        "assignment_submissions_content_check": (
            "submission_text",
            "A submission needs a file or a text.",
        ),
        "assignment_submissions_graded_check": (
            "graded_at",
            "A graded submission needs a grading time.",
        ),
        "assignment_submissions_graded_at_check": (
            "graded_at",
            "The grading time must not be before the submission.",
        ),
        "assignment_submissions_first_revision_check": (
            "parent_submission",
            "The first revision has no earlier submission.",
        ),
        "assignment_submissions_parent_check": (
            "parent_submission",
            "A submission cannot revise itself.",
        ),
    }
