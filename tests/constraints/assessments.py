"""Rules of quizzes, questions, assignments and submissions."""

from tests.constraints.rules import (
    Rule,
    at_least,
    decimals,
    exact_percentage,
    json_shape,
    not_blank,
    percentage,
    same_as_other,
    unique,
)

RULES = [
    not_blank("quizzes_title_check"),
    at_least(1, "quizzes_time_limit_minutes_check"),
    percentage("quizzes_passing_score_percentage_check"),
    at_least(0, "quizzes_max_attempts_check"),
    Rule(
        "quizzes_available_check",
        refused=[
            "available_until = available_from",
            "available_until = available_from - interval '1 microsecond'",
        ],
        accepted=[
            "available_until = available_from + interval '1 microsecond'",
            "available_from = NULL",
            "available_until = NULL",
        ],
        state={"open_now": True},
    ),
    unique("questions_order_uniq", "quiz_id", "order_number"),
    not_blank("questions_question_text_check"),
    Rule(
        "questions_options_check",
        refused=["options = '{}'", "options = '1'", "options = 'null'", """options = '"[]"'"""],
        accepted=["options = '[]'", "options = NULL"],
        state={"essay": True},
    ),
    Rule(
        "questions_choice_options_check",
        refused=["options = NULL", "options = '[]'", "options = NULL, question_type = 'matching'"],
        accepted=["options = NULL, question_type = 'essay'", "options = '[1]'"],
    ),
    Rule(
        "questions_correct_answer_check",
        refused=["correct_answer = 'null'"],
        accepted=[
            f"correct_answer = '{value}'" for value in ("false", "0", '""', "[null]", '{"a": null}')
        ],
    ),
    at_least(1, "questions_points_check"),
    at_least(1, "questions_order_number_check"),
    unique("quiz_submissions_attempt_uniq", "quiz_id", "student_id", "attempt_number"),
    at_least(1, "quiz_submissions_attempt_number_check"),
    Rule(
        "quiz_submissions_submitted_at_check",
        refused=["submitted_at = started_at - interval '1 microsecond'"],
        accepted=["submitted_at = started_at"],
    ),
    at_least(0, "quiz_submissions_time_taken_seconds_check"),
    exact_percentage("quiz_submissions_score_percentage_check"),
    decimals("0", "99999999.99", "quiz_submissions_points_earned_check", below="-0.01"),
    json_shape("object", "quiz_submissions_answers_check"),
    Rule(
        "quiz_submissions_graded_check",
        refused=["graded_at = NULL"],
        accepted=["graded_by = NULL", "graded_at = NULL, grading_status = 'pending_review'"],
        state={"graded": True},
    ),
    Rule(
        "quiz_submissions_graded_at_check",
        refused=["graded_at = submitted_at - interval '1 microsecond'"],
        accepted=["graded_at = submitted_at"],
        state={"graded": True},
    ),
    not_blank("assignments_title_check"),
    percentage("assignments_late_penalty_percentage_check"),
    at_least(1, "assignments_max_points_check"),
    json_shape("array", "assignments_allowed_file_types_check"),
    at_least(1, "assignments_max_file_size_mb_check"),
    json_shape("object", "assignments_rubric_check"),
    Rule(
        "assignment_submissions_revision_uniq",
        refused=[same_as_other("assignment_submissions", "assignment_id", "student_id")],
        accepted=[
            same_as_other("assignment_submissions", "assignment_id"),
            same_as_other("assignment_submissions", "student_id"),
            same_as_other("assignment_submissions", "assignment_id", "student_id")
            + ", revision_number = 2",
        ],
    ),
    Rule(
        "assignment_submissions_content_check",
        refused=["submission_text = ''", r"submission_text = E' \n', file_url = ' '"],
        accepted=["submission_text = '', file_url = 'https://files.example.com/1'"],
    ),
    at_least(0, "assignment_submissions_file_size_bytes_check"),
    decimals("0", "99999999.99", "assignment_submissions_points_awarded_check", below="-0.01"),
    Rule(
        "assignment_submissions_graded_check",
        refused=["graded_at = NULL"],
        accepted=["graded_by = NULL", "graded_at = NULL, grading_status = 'under_review'"],
        state={"graded": True},
    ),
    Rule(
        "assignment_submissions_graded_at_check",
        refused=["graded_at = submitted_at - interval '1 microsecond'"],
        accepted=["graded_at = submitted_at"],
        state={"graded": True},
    ),
    at_least(1, "assignment_submissions_revision_number_check"),
    Rule(
        "assignment_submissions_first_revision_check",
        refused=["parent_submission_id = %(other)s"],
        accepted=[
            "parent_submission_id = %(other)s, revision_number = 2",
            "revision_number = 2",
        ],
    ),
    Rule(
        "assignment_submissions_parent_check",
        refused=["parent_submission_id = id"],
        accepted=["parent_submission_id = %(other)s"],
        state={"revision_number": 2},
    ),
]
