"""Statistics and events in the admin. They are read-only, because the platform writes them."""

from django.contrib import admin

from analytics.models import AnalyticsEvent, CourseAnalytics, StudentAnalytics
from config.admin import ReadOnlyAdmin


@admin.register(CourseAnalytics)
class CourseAnalyticsAdmin(ReadOnlyAdmin):
    icon = "monitoring"
    named_by = ("course",)
    money = {"total_revenue": "course__currency"}
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
    list_filter = (
        "total_enrollments",
        "completion_rate",
        "dropout_rate",
        "average_rating",
        "total_revenue",
        "last_updated",
    )
    search_fields = ("course__title", "course__slug__exact")
    search_help_text = "Part of the course's title, or its slug"


@admin.register(StudentAnalytics)
class StudentAnalyticsAdmin(ReadOnlyAdmin):
    icon = "insights"
    named_by = ("user",)
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
    list_filter = (
        "total_courses_enrolled",
        "courses_completed",
        "average_quiz_score",
        "current_streak_days",
        "last_updated",
    )
    search_fields = ("user__email__startswith",)
    search_help_text = "Beginning of the student's e-mail address"


@admin.register(AnalyticsEvent)
class AnalyticsEventAdmin(ReadOnlyAdmin):
    icon = "timeline"
    named_by = ("user",)
    list_display = ("event_type", "user", "timestamp")
    list_filter = ("user", "timestamp")
    search_fields = ("user__email__startswith",)
    search_help_text = "Beginning of the user's e-mail address"
    sortable_by = ()  # sorting 100 million rows by a column without an index takes minutes
