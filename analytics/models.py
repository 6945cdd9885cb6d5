"""Statistics of courses and students, and the log of events."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Q
from django.db.models.functions import TruncHour

from config.postgres import (
    Distributed,
    DistributedQuerySet,
    JSONField,
    MonthlyPartitions,
    Now,
    Reference,
    caption,
    finite_check,
    json_check,
    local_time,
    not_blank_check,
)
from config.postgres.models import IdentifiedModel


class CourseAnalytics(models.Model):
    """The statistics of a course, which a job updates."""

    course = models.OneToOneField(
        "courses.Course", models.DB_CASCADE, primary_key=True, related_name="analytics"
    )
    total_enrollments = models.IntegerField(
        db_default=0, db_comment="Number of active, completed and dropped enrollments."
    )
    active_enrollments = models.IntegerField(db_default=0)
    completion_count = models.IntegerField(
        db_default=0, db_comment="Number of completed enrollments."
    )
    completion_rate = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        db_default=0,
        db_comment="Completed enrollments as a percentage of all.",
    )
    average_rating = models.DecimalField(
        max_digits=3,
        decimal_places=2,
        null=True,
        blank=True,
        db_comment="From 0 to 5; NULL until the first review.",
    )
    total_revenue = models.DecimalField(
        max_digits=12, decimal_places=2, db_default=0, db_comment="In the course's currency."
    )
    average_time_to_completion_days = models.IntegerField(
        null=True,
        blank=True,
        db_comment="Days from enrollment to completion; NULL until a student completes the course.",
    )
    dropout_rate = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        db_default=0,
        db_comment="Dropped enrollments as a percentage of all.",
    )
    most_difficult_lesson = models.ForeignKey(
        "courses.Lesson",
        models.DB_SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        db_comment="The lesson that students fail most often; NULL if unknown or removed.",
    )
    engagement_metrics = JSONField(
        blank=True, db_default={}, db_comment="Object that maps names of metrics to values."
    )
    last_updated = models.DateTimeField(
        db_default=Now(), auto_now=True, db_comment="When the job last wrote the row."
    )

    distribution = Reference()

    class Meta:
        db_table = "course_analytics"
        db_table_comment = "Statistics per course, summed up by a job; not the source of truth."
        verbose_name_plural = "course analytics"
        indexes = (
            # Query 28: removing a lesson clears most_difficult_lesson in the statistics.
            models.Index(fields=["most_difficult_lesson"], name="course_analytics_lesson_idx"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(active_enrollments__gte=0),
                name="course_analytics_active_enrollments_check",
            ),
            models.CheckConstraint(
                condition=Q(completion_count__gte=0),
                name="course_analytics_completion_count_check",
            ),
            # The total is at least the sum of its parts, so it is not negative.
            models.CheckConstraint(
                condition=Q(total_enrollments__gte=F("active_enrollments") + F("completion_count")),
                name="course_analytics_total_enrollments_check",
            ),
            models.CheckConstraint(
                condition=Q(completion_rate__range=(0, 100)),
                name="course_analytics_completion_rate_check",
            ),
            models.CheckConstraint(
                condition=Q(average_rating__range=(0, 5)),
                name="course_analytics_average_rating_check",
            ),
            # The upper bound, the largest value of the column, excludes NaN.
            models.CheckConstraint(
                condition=Q(total_revenue__range=(0, Decimal("9999999999.99"))),
                name="course_analytics_total_revenue_check",
            ),
            models.CheckConstraint(
                condition=Q(average_time_to_completion_days__gte=0),
                name="course_analytics_average_time_to_completion_days_check",
            ),
            models.CheckConstraint(
                condition=Q(dropout_rate__range=(0, 100)),
                name="course_analytics_dropout_rate_check",
            ),
            json_check("engagement_metrics", name="course_analytics_engagement_metrics_check"),
            finite_check("last_updated", name="course_analytics_finite_check"),
        )

    def __str__(self) -> str:
        return f"Analytics of {self.course}"


class StudentAnalytics(models.Model):
    """The statistics of a student, which a job updates."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.DB_CASCADE, primary_key=True, related_name="analytics"
    )
    total_courses_enrolled = models.IntegerField(
        db_default=0, db_comment="Number of courses in progress, completed and dropped."
    )
    courses_completed = models.IntegerField(db_default=0)
    courses_in_progress = models.IntegerField(db_default=0)
    average_quiz_score = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        db_comment="From 0 to 100; NULL until the first quiz is taken.",
    )
    total_time_invested_minutes = models.IntegerField(
        db_default=0, db_comment="Time spent in lessons, in minutes."
    )
    current_streak_days = models.IntegerField(
        db_default=0, db_comment="Number of consecutive days with activity, up to now."
    )
    longest_streak_days = models.IntegerField(
        db_default=0, db_comment="Largest number of consecutive days with activity so far."
    )
    badges_earned = JSONField(
        blank=True, db_default=[], db_comment="Array of badges, in the order they were earned."
    )
    skill_ratings = JSONField(
        blank=True, db_default={}, db_comment="Object that maps skills to ratings."
    )
    last_updated = models.DateTimeField(
        db_default=Now(), auto_now=True, db_comment="When the job last wrote the row."
    )

    distribution = Reference()

    class Meta:
        db_table = "student_analytics"
        db_table_comment = "Statistics per student, summed up by a job; not the source of truth."
        verbose_name_plural = "student analytics"
        constraints = (
            models.CheckConstraint(
                condition=Q(courses_completed__gte=0),
                name="student_analytics_courses_completed_check",
            ),
            models.CheckConstraint(
                condition=Q(courses_in_progress__gte=0),
                name="student_analytics_courses_in_progress_check",
            ),
            # The total is at least the sum of its parts, so it is not negative.
            models.CheckConstraint(
                condition=Q(
                    total_courses_enrolled__gte=F("courses_completed") + F("courses_in_progress")
                ),
                name="student_analytics_total_courses_enrolled_check",
            ),
            models.CheckConstraint(
                condition=Q(average_quiz_score__range=(0, 100)),
                name="student_analytics_average_quiz_score_check",
            ),
            models.CheckConstraint(
                condition=Q(total_time_invested_minutes__gte=0),
                name="student_analytics_total_time_invested_minutes_check",
            ),
            models.CheckConstraint(
                condition=Q(current_streak_days__gte=0),
                name="student_analytics_current_streak_days_check",
            ),
            # The longest streak is at least the current one.
            models.CheckConstraint(
                condition=Q(longest_streak_days__gte=F("current_streak_days")),
                name="student_analytics_longest_streak_days_check",
            ),
            json_check("badges_earned", "array", name="student_analytics_badges_earned_check"),
            json_check("skill_ratings", name="student_analytics_skill_ratings_check"),
            finite_check("last_updated", name="student_analytics_finite_check"),
        )

    def __str__(self) -> str:
        return f"Analytics of {self.user}"


class AnalyticsEventQuerySet(DistributedQuerySet["AnalyticsEvent"]):
    """The queries for events from `start` up to, but not including, `end`."""

    def between(self, start: datetime, end: datetime) -> Self:
        """Query 21: return events, newest first: `user.analytics_events.between(start, end)`."""
        return self.filter(timestamp__gte=start, timestamp__lt=end).order_by("-timestamp")

    def per_hour(
        self, event_type: str, start: datetime, end: datetime
    ) -> models.QuerySet["AnalyticsEvent", Any]:
        """Query 22: return rows of `hour` and `events`, the number of events of that type."""
        return (
            self.between(start, end)
            .filter(event_type=event_type)
            .values(hour=TruncHour("timestamp"))
            .annotate(events=Count("*"))
            .order_by("hour")
        )


class AnalyticsEvent(IdentifiedModel):
    """An event. Rows are inserted, never changed."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DB_CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="analytics_events",
        db_comment="NULL if the visitor was not logged in.",
    )
    event_type = models.CharField(
        max_length=100, db_comment="Kind of event, by the name that the application gives it."
    )
    event_data = JSONField(
        blank=True,
        db_default={},
        db_comment="Object with the details that belong to the event type.",
    )
    timestamp = models.DateTimeField(db_default=Now(), db_comment="When the event happened.")

    objects = AnalyticsEventQuerySet.as_manager()

    distribution = Distributed("id", colocated=False)

    class Meta:
        db_table = "analytics_events"
        db_table_comment = "Append-only log of events; by far the largest table."
        indexes = (
            # Query 21: the timeline of a user, scanned backwards for newest first.
            models.Index(fields=["user", "timestamp"], name="analytics_events_user_idx"),
            # Query 22: the events of one type in a range of time.
            models.Index(fields=["event_type", "timestamp"], name="analytics_events_type_idx"),
        )
        constraints = (
            not_blank_check("event_type", name="analytics_events_event_type_check"),
            json_check("event_data", name="analytics_events_event_data_check"),
            finite_check("timestamp", name="analytics_events_finite_check"),
            # The command `partitions` creates coming months, and drops old ones.
            MonthlyPartitions("timestamp", name="analytics_events_default"),
        )

    def __str__(self) -> str:
        name = f"{caption(self.event_type)} of {self.user or 'a visitor'}"
        return f"{name} at {local_time(self.timestamp):%Y-%m-%d %H:%M:%S}"
