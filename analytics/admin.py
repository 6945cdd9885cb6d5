"""Figures and events in the admin: to look at, since the platform writes them."""

from django.contrib import admin
from django.http import HttpRequest

from analytics.models import AnalyticsEvent, CourseAnalytics, StudentAnalytics
from config.database.admin import ModelAdmin


def figures(model: type[CourseAnalytics | StudentAnalytics]) -> tuple[str, ...]:
    """The columns that a job fills."""
    return tuple(
        field.name for field in model._meta.fields if field.editable and not field.primary_key
    )


@admin.register(CourseAnalytics)
class CourseAnalyticsAdmin(ModelAdmin):
    list_display = (
        "course",
        "total_enrollments",
        "active_enrollments",
        "completion_rate",
        "dropout_rate",
        "average_rating",
        "total_revenue",
        "last_updated",
    )
    list_filter = ("last_updated",)
    search_fields = ("course__title", "course__slug")
    search_help_text = "A part of the course's title or slug."
    autocomplete_fields = ("course",)
    readonly_fields = figures(CourseAnalytics)


@admin.register(StudentAnalytics)
class StudentAnalyticsAdmin(ModelAdmin):
    list_display = (
        "user",
        "total_courses_enrolled",
        "courses_completed",
        "courses_in_progress",
        "average_quiz_score",
        "total_time_invested_minutes",
        "current_streak_days",
        "last_updated",
    )
    list_filter = ("last_updated",)
    search_fields = ("user__email__istartswith",)
    search_help_text = "The beginning of the student's e-mail address."
    autocomplete_fields = ("user",)
    readonly_fields = figures(StudentAnalytics)


@admin.register(AnalyticsEvent)
class AnalyticsEventAdmin(ModelAdmin):
    """Append-only: an event may be added but not changed. It is deleted with its user."""

    list_display = ("event_type", "user", "timestamp")
    list_filter = ("timestamp",)
    search_fields = ("user__email__exact",)
    search_help_text = "The user's e-mail address."
    # The key is in order of time; to sort 100 million rows by anything else takes minutes.
    sortable_by = ()
    show_facets = admin.ShowFacets.NEVER
    autocomplete_fields = ("user",)

    def has_change_permission(
        self, request: HttpRequest, obj: AnalyticsEvent | None = None
    ) -> bool:
        return False
