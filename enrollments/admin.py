"""Enrollments, progress and certificates in the admin."""

from django.contrib import admin

from config.database.admin import ModelAdmin
from enrollments.models import Certificate, Enrollment, LessonProgress


@admin.register(Enrollment)
class EnrollmentAdmin(ModelAdmin):
    list_display = (
        "student",
        "course",
        "status",
        "progress_percentage",
        "enrolled_at",
        "last_accessed_at",
        "completed_at",
    )
    list_filter = ("status", "enrolled_at", "last_accessed_at", "completed_at")
    search_fields = ("student__email__exact", "course__slug__exact")
    search_help_text = "The student's e-mail address, or the course's slug."
    autocomplete_fields = ("student", "course")
    raw_id_fields = ("payment",)


@admin.register(LessonProgress)
class LessonProgressAdmin(ModelAdmin):
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
    list_select_related = ("enrollment__student", "lesson")
    list_filter = ("status", "last_accessed_at", "completed_at")
    search_fields = ("enrollment__student__email__exact",)
    search_help_text = "The student's e-mail address."
    raw_id_fields = ("enrollment", "lesson")
    readonly_fields = ("time_spent_seconds", "attempts_count")


@admin.register(Certificate)
class CertificateAdmin(ModelAdmin):
    list_display = ("certificate_id", "enrollment__student", "enrollment__course", "issued_at")
    list_select_related = ("enrollment__student", "enrollment__course")
    list_filter = ("issued_at",)
    search_fields = ("certificate_id__exact", "enrollment__student__email__exact")
    search_help_text = "The certificate's public id, or the student's e-mail address."
    raw_id_fields = ("enrollment",)
