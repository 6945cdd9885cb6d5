"""Rules of enrollments, progress and certificates."""

from tests.constraints.rules import (
    Rule,
    at_least,
    exact_percentage,
    json_shape,
    not_blank,
    percentage,
    unique,
)

RULES = [
    unique("enrollments_student_course_uniq", "student_id", "course_id"),
    exact_percentage("enrollments_progress_percentage_check"),
    Rule(
        "enrollments_completed_check",
        refused=[
            "completed_at = now()",
            "status = 'dropped', completed_at = now()",
            "status = 'completed', progress_percentage = 100",
        ],
        accepted=["status = 'completed', progress_percentage = 100, completed_at = now()"],
    ),
    Rule(
        "enrollments_completed_check",
        refused=["completed_at = NULL", "status = 'active'"],
        accepted=["status = 'active', completed_at = NULL"],
        state={"completed": True},
    ),
    Rule(
        "enrollments_completed_progress_check",
        refused=["progress_percentage = 99.99"],
        accepted=["progress_percentage = 99.99, status = 'active', completed_at = NULL"],
        state={"completed": True},
    ),
    Rule(
        "enrollments_completed_at_check",
        refused=["completed_at = enrolled_at - interval '1 microsecond'"],
        accepted=["completed_at = enrolled_at"],
        state={"completed": True},
    ),
    unique("lesson_progress_enrollment_lesson_uniq", "enrollment_id", "lesson_id"),
    Rule(
        "lesson_progress_completed_check",
        refused=["completed_at = now()", "status = 'completed'"],
        accepted=["status = 'completed', completed_at = now()"],
    ),
    Rule(
        "lesson_progress_completed_check",
        refused=["completed_at = NULL", "status = 'in_progress'"],
        accepted=["status = 'in_progress', completed_at = NULL"],
        state={"completed": True},
    ),
    at_least(0, "lesson_progress_time_spent_seconds_check"),
    percentage("lesson_progress_quiz_score_check"),
    at_least(0, "lesson_progress_attempts_count_check"),
    unique("certificates_enrollment_id_uniq", "enrollment_id"),
    unique("certificates_certificate_id_uniq", "certificate_id"),
    not_blank("certificates_certificate_id_check"),
    json_shape("object", "certificates_metadata_check"),
]
