"""Rules of statistics and events."""

from tests.constraints.rules import (
    Rule,
    at_least,
    decimals,
    exact_percentage,
    json_shape,
    not_blank,
)

RULES = [
    at_least(0, "course_analytics_active_enrollments_check"),
    at_least(0, "course_analytics_completion_count_check"),
    Rule(
        "course_analytics_total_enrollments_check",
        refused=["total_enrollments = 8", "active_enrollments = 8", "completion_count = 5"],
        accepted=["total_enrollments = 9", "active_enrollments = 7", "completion_count = 4"],
        state={"busy": True},
    ),
    exact_percentage("course_analytics_completion_rate_check"),
    decimals("0", "5", "course_analytics_average_rating_check", below="-0.01", above="5.01"),
    decimals("0", "9999999999.99", "course_analytics_total_revenue_check", below="-0.01"),
    at_least(0, "course_analytics_average_time_to_completion_days_check"),
    exact_percentage("course_analytics_dropout_rate_check"),
    json_shape("object", "course_analytics_engagement_metrics_check"),
    at_least(0, "student_analytics_courses_completed_check"),
    at_least(0, "student_analytics_courses_in_progress_check"),
    Rule(
        "student_analytics_total_courses_enrolled_check",
        refused=[
            "total_courses_enrolled = 2",
            "courses_completed = 2",
            "courses_in_progress = 3",
        ],
        accepted=["total_courses_enrolled = 4", "courses_completed = 0", "courses_in_progress = 1"],
        state={"busy": True},
    ),
    exact_percentage("student_analytics_average_quiz_score_check"),
    at_least(0, "student_analytics_total_time_invested_minutes_check"),
    at_least(0, "student_analytics_current_streak_days_check"),
    Rule(
        "student_analytics_longest_streak_days_check",
        refused=["longest_streak_days = 2", "current_streak_days = 8"],
        accepted=["longest_streak_days = 3", "current_streak_days = 7"],
        state={"busy": True},
    ),
    json_shape("array", "student_analytics_badges_earned_check"),
    json_shape("object", "student_analytics_skill_ratings_check"),
    not_blank("analytics_events_event_type_check"),
    json_shape("object", "analytics_events_event_data_check"),
]
