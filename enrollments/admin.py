"""Enrollments, progress and certificates in the admin."""

from django.contrib import admin

from config.admin import ModelAdmin
from enrollments.models import Certificate, Enrollment, LessonProgress


@admin.register(Enrollment)
class EnrollmentAdmin(ModelAdmin):
    icon = "how_to_reg"
    named_by = ("student", "course")
    list_display = (
        "student",
        "course",
        "status",
        "progress_percentage",
        "enrolled_at",
        "last_accessed_at",
        "completed_at",
    )
    list_filter = (
        "status",
        "student",
        "course",
        "progress_percentage",
        "enrolled_at",
        "last_accessed_at",
        "completed_at",
    )
    search_fields = ("student__email__startswith", "course__slug__exact")
    search_help_text = "Beginning of the student's e-mail address, or the course's slug"
    violations = {
        "enrollments_completed_check": (
            "completed_at",
            "An enrollment needs a completion time if and only if its status is completed.",
        ),
        "enrollments_completed_progress_check": (
            "progress_percentage",
            "A completed enrollment needs a progress of 100.",
        ),
        "enrollments_completed_at_check": (
            "completed_at",
            "The completion time must not be before the enrollment.",
        ),
    }


@admin.register(LessonProgress)
class LessonProgressAdmin(ModelAdmin):
    icon = "trending_up"
    named_by = ("enrollment__student", "lesson")
    list_display = (
        "enrollment__student",
        "lesson",
        "status",
        "time_spent_seconds",
        "quiz_score",
        "attempts_count",
        "last_accessed_at",
        "completed_at",
    )
    list_filter = (
        "status",
        "enrollment",
        "lesson",
        "time_spent_seconds",
        "quiz_score",
        "attempts_count",
        "last_accessed_at",
        "completed_at",
    )
    search_fields = ("enrollment__student__email__startswith",)
    search_help_text = "Beginning of the student's e-mail address"
    readonly_fields = ("time_spent_seconds", "attempts_count")
    violations = {
        "lesson_progress_completed_check": (
            "completed_at",
            "A completion time is required if and only if the status is completed.",
        ),
    }


@admin.register(Certificate)
class CertificateAdmin(ModelAdmin):
    icon = "workspace_premium"
    named_by = ("enrollment",)
    list_display = ("certificate_id", "enrollment__student", "enrollment__course", "issued_at")
    list_filter = ("enrollment", "issued_at", "created_at")
    search_fields = ("certificate_id__exact", "enrollment__student__email__startswith")
    search_help_text = "The public id, or beginning of the student's e-mail address"
