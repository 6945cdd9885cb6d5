"""Courses, modules and lessons in the admin."""

from django.contrib import admin

from config.database.admin import ModelAdmin
from courses.models import Course, CourseModule, Lesson


@admin.register(Course)
class CourseAdmin(ModelAdmin):
    list_display = (
        "title",
        "instructor",
        "difficulty",
        "status",
        "price",
        "currency",
        "enrollment_count",
        "published_at",
    )
    list_filter = ("status", "difficulty", "published_at", "created_at")
    search_fields = ("title", "slug", "category", "instructor__email__istartswith")
    search_help_text = (
        "A part of the title, slug or category, or the beginning of the instructor's e-mail "
        "address."
    )
    autocomplete_fields = ("instructor",)
    prepopulated_fields = {"slug": ("title",)}  # noqa: RUF012
    readonly_fields = ("enrollment_count", "average_rating", "total_reviews")


@admin.register(CourseModule)
class CourseModuleAdmin(ModelAdmin):
    list_display = ("title", "course", "order_number", "duration_minutes", "prerequisite_module")
    list_filter = (("prerequisite_module", admin.EmptyFieldListFilter), "created_at", "updated_at")
    search_fields = ("title", "course__title")
    search_help_text = "A part of the title, or of the course's."
    ordering = ("course_id", "order_number")
    autocomplete_fields = ("course",)
    raw_id_fields = ("prerequisite_module",)


@admin.register(Lesson)
class LessonAdmin(ModelAdmin):
    list_display = (
        "title",
        "module",
        "module__course",
        "order_number",
        "lesson_type",
        "duration_minutes",
        "is_preview",
    )
    list_select_related = ("module__course",)
    list_filter = ("lesson_type", "is_preview", "created_at", "updated_at")
    search_fields = ("title", "module__title", "module__course__title")
    search_help_text = "A part of the title, or of the module's or the course's."
    ordering = ("module_id", "order_number")
    raw_id_fields = ("module",)
