"""The design of the schema as data: tables, columns, enum types and foreign keys.

The contract repeats the models on purpose, so that a test fails if a model changes it.
"""

import re
from dataclasses import dataclass, field

ENUMS = {
    "role": "student educator admin",
    "course_status": "draft pending_review published archived",
    "difficulty": "beginner intermediate advanced",
    "lesson_type": "video text quiz assignment",
    "enrollment_status": "active completed dropped",
    "progress_status": "not_started in_progress completed",
    "quiz_type": "formative summative practice",
    "question_type": "multiple_choice true_false short_answer essay fill_blank matching",
    "question_difficulty": "easy medium hard",
    "grading_status": "auto_graded pending_review graded",
    "assignment_grading_status": "submitted under_review graded revision_requested",
    "notification_type": (
        "new_message assignment_due grade_posted course_update announcement discussion_reply"
        " enrollment_confirmed certificate_issued payment_received refund_processed"
    ),
    "priority": "normal high urgent",
    "payment_status": "pending succeeded failed refunded",
    "subscription_status": "active canceled past_due unpaid",
    "refund_status": "pending succeeded failed",
}

# `name type`, followed by `?` if the column is nullable, and by `= default` if it has one.
COLUMNS = {
    "users": """
        id uuid = uuid7; email varchar(255); password_hash varchar(255); role role;
        email_verified bool = false; verification_token varchar(255)?;
        password_reset_token varchar(255)?; password_reset_expires timestamptz?;
        last_login timestamptz?; deleted_at timestamptz?;
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "user_profiles": """
        id uuid = uuid7; user_id uuid; full_name varchar(255) = ''; bio text = '';
        avatar_url varchar(500) = ''; timezone varchar(50) = 'UTC'; language varchar(10) = 'en';
        notification_preferences jsonb = '{}'; privacy_settings jsonb = '{}';
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "courses": """
        id uuid = uuid7; instructor_id uuid; title varchar(255); description text = '';
        slug varchar(255); category varchar(100); difficulty difficulty; price numeric(10,2) = 0;
        currency varchar(3) = 'USD'; enrollment_limit int?; enrollment_count int = 0;
        average_rating numeric(3,2)?; total_reviews int = 0; status course_status = 'draft';
        published_at timestamptz?; thumbnail_url varchar(500) = '';
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "course_modules": """
        id uuid = uuid7; course_id uuid; title varchar(255); description text = '';
        order_number int; duration_minutes int = 0; prerequisite_module_id uuid?;
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "lessons": """
        id uuid = uuid7; module_id uuid; title varchar(255); description text = '';
        lesson_type lesson_type; content_url varchar(500) = ''; content_text text = '';
        duration_minutes int?; order_number int; is_preview bool = false; metadata jsonb = '{}';
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "enrollments": """
        id uuid = uuid7; student_id uuid; course_id uuid; enrolled_at timestamptz = now();
        completed_at timestamptz?; progress_percentage numeric(5,2) = 0;
        last_accessed_at timestamptz?; payment_id uuid?; status enrollment_status = 'active';
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "lesson_progress": """
        id uuid = uuid7; enrollment_id uuid; lesson_id uuid;
        status progress_status = 'not_started'; time_spent_seconds int = 0;
        completed_at timestamptz?; quiz_score int?; attempts_count int = 0;
        last_accessed_at timestamptz?;
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "certificates": """
        id uuid = uuid7; enrollment_id uuid; certificate_id varchar(100);
        pdf_url varchar(500) = ''; issued_at timestamptz = now();
        verification_url varchar(500) = ''; metadata jsonb = '{}'; created_at timestamptz = now()
    """,
    "quizzes": """
        id uuid = uuid7; lesson_id uuid; title varchar(255); description text = '';
        quiz_type quiz_type; time_limit_minutes int?; passing_score_percentage int;
        max_attempts int = 0; randomize_questions bool = false; randomize_options bool = false;
        show_correct_answers bool = true; show_explanations bool = true;
        available_from timestamptz?; available_until timestamptz?;
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "questions": """
        id uuid = uuid7; quiz_id uuid; question_type question_type; question_text text;
        question_media_url varchar(500) = ''; options jsonb?; correct_answer jsonb;
        explanation text = ''; points int = 1; order_number int;
        difficulty question_difficulty = 'medium';
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "quiz_submissions": """
        id uuid = uuid7; quiz_id uuid; student_id uuid; enrollment_id uuid; attempt_number int;
        started_at timestamptz = now(); submitted_at timestamptz?; time_taken_seconds int?;
        score_percentage numeric(5,2)?; points_earned numeric(10,2)?; answers jsonb = '{}';
        grading_status grading_status = 'auto_graded'; feedback text = ''; graded_at timestamptz?;
        graded_by uuid?; created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "assignments": """
        id uuid = uuid7; lesson_id uuid; title varchar(255); description text = '';
        instructions text = ''; due_date timestamptz; late_submission_allowed bool = false;
        late_penalty_percentage int = 0; max_points int; requires_file_upload bool = true;
        allowed_file_types jsonb = '[]'; max_file_size_mb int = 10; rubric jsonb?;
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "assignment_submissions": """
        id uuid = uuid7; assignment_id uuid; student_id uuid; enrollment_id uuid;
        file_url varchar(500) = ''; file_name varchar(255) = ''; file_size_bytes bigint?;
        submission_text text = ''; submitted_at timestamptz = now(); is_late bool = false;
        points_awarded numeric(10,2)?; feedback text = '';
        grading_status assignment_grading_status = 'submitted'; graded_at timestamptz?;
        graded_by uuid?; revision_number int = 1; parent_submission_id uuid?;
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "messages": """
        id uuid = uuid7; sender_id uuid; recipient_id uuid; conversation_id uuid;
        subject varchar(255) = ''; content text; attachments jsonb = '[]'; read_at timestamptz?;
        is_read bool = (read_at IS NOT NULL); parent_message_id uuid?;
        deleted_by_sender timestamptz?; deleted_by_recipient timestamptz?;
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "discussion_threads": """
        id uuid = uuid7; course_id uuid; author_id uuid; category varchar(100) = '';
        title varchar(255); content text; is_pinned bool = false; is_locked bool = false;
        view_count int = 0; reply_count int = 0; last_activity_at timestamptz = now();
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "discussion_posts": """
        id uuid = uuid7; thread_id uuid; author_id uuid; parent_post_id uuid?; content text;
        upvote_count int = 0; is_solution bool = false; edited_at timestamptz?;
        edit_history jsonb = '[]'; is_deleted bool = false;
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "announcements": """
        id uuid = uuid7; course_id uuid; educator_id uuid; title varchar(255); content text;
        scheduled_for timestamptz?; published_at timestamptz?;
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "notifications": """
        id uuid = uuid7; recipient_id uuid; notification_type notification_type;
        title varchar(255); content text; action_url varchar(500) = '';
        priority priority = 'normal'; read_at timestamptz?;
        is_read bool = (read_at IS NOT NULL); metadata jsonb = '{}'; expires_at timestamptz?;
        created_at timestamptz = now()
    """,
    "course_analytics": """
        course_id uuid; total_enrollments int = 0; active_enrollments int = 0;
        completion_count int = 0; completion_rate numeric(5,2) = 0; average_rating numeric(3,2)?;
        total_revenue numeric(12,2) = 0; average_time_to_completion_days int?;
        dropout_rate numeric(5,2) = 0; most_difficult_lesson_id uuid?;
        engagement_metrics jsonb = '{}'; last_updated timestamptz = now()
    """,
    "student_analytics": """
        user_id uuid; total_courses_enrolled int = 0; courses_completed int = 0;
        courses_in_progress int = 0; average_quiz_score numeric(5,2)?;
        total_time_invested_minutes int = 0; current_streak_days int = 0;
        longest_streak_days int = 0; badges_earned jsonb = '[]'; skill_ratings jsonb = '{}';
        last_updated timestamptz = now()
    """,
    "analytics_events": """
        id uuid = uuid7; user_id uuid?; event_type varchar(100); event_data jsonb = '{}';
        timestamp timestamptz = now()
    """,
    "payments": """
        id uuid = uuid7; user_id uuid; course_id uuid?; stripe_payment_intent_id varchar(255)?;
        stripe_checkout_session_id varchar(255)?; amount numeric(10,2);
        currency varchar(3) = 'USD'; status payment_status = 'pending';
        payment_method varchar(50) = ''; metadata jsonb = '{}';
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "subscriptions": """
        id uuid = uuid7; user_id uuid; stripe_subscription_id varchar(255);
        stripe_customer_id varchar(255); plan_id varchar(100);
        status subscription_status = 'active'; current_period_start timestamptz;
        current_period_end timestamptz; cancel_at_period_end bool = false;
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
    "refunds": """
        id uuid = uuid7; payment_id uuid; enrollment_id uuid?; stripe_refund_id varchar(255)?;
        amount numeric(10,2); reason varchar(500) = ''; status refund_status = 'pending';
        created_at timestamptz = now(); updated_at timestamptz = now()
    """,
}


@dataclass(frozen=True, order=True)
class Column:
    """A column of the contract, with the short name of its type."""

    name: str
    type: str
    nullable: bool
    default: str | None


def columns(table: str) -> list[Column]:
    """Return the columns of `table`, sorted by name."""
    return sorted(_column(text) for text in COLUMNS[table].split(";"))


def _column(text: str) -> Column:
    match = re.fullmatch(r"\s*(\w+) ([\w(),]+)(\?)?(?: = (.+?))?\s*", text)
    if match is None:
        raise ValueError(f"{text!r} is not a column.")
    name, type_name, nullable, default = match.groups()
    return Column(name, type_name, bool(nullable), default)


@dataclass(frozen=True, order=True)
class ForeignKey:
    """A foreign key; `on_delete` is the effect of deleting the row that it refers to."""

    table: str
    column: str
    parent: str
    on_delete: str = "CASCADE"
    state: dict[str, int] = field(default_factory=dict, compare=False)
    """Arguments of the factory with which the column may refer to any row of `parent`."""

    @property
    def name(self) -> str:
        return f"{self.table}_{self.column}_fk"


FOREIGN_KEYS = [
    ForeignKey("user_profiles", "user_id", "users"),
    ForeignKey("courses", "instructor_id", "users"),
    ForeignKey("course_modules", "course_id", "courses"),
    ForeignKey("course_modules", "prerequisite_module_id", "course_modules", "SET NULL"),
    ForeignKey("lessons", "module_id", "course_modules"),
    ForeignKey("enrollments", "student_id", "users"),
    ForeignKey("enrollments", "course_id", "courses"),
    ForeignKey("enrollments", "payment_id", "payments", "SET NULL"),
    ForeignKey("lesson_progress", "enrollment_id", "enrollments"),
    ForeignKey("lesson_progress", "lesson_id", "lessons"),
    ForeignKey("certificates", "enrollment_id", "enrollments"),
    ForeignKey("quizzes", "lesson_id", "lessons"),
    ForeignKey("questions", "quiz_id", "quizzes"),
    ForeignKey("quiz_submissions", "quiz_id", "quizzes"),
    ForeignKey("quiz_submissions", "student_id", "users"),
    ForeignKey("quiz_submissions", "enrollment_id", "enrollments"),
    ForeignKey("quiz_submissions", "graded_by", "users", "SET NULL"),
    ForeignKey("assignments", "lesson_id", "lessons"),
    ForeignKey("assignment_submissions", "assignment_id", "assignments"),
    ForeignKey("assignment_submissions", "student_id", "users"),
    ForeignKey("assignment_submissions", "enrollment_id", "enrollments"),
    ForeignKey("assignment_submissions", "graded_by", "users", "SET NULL"),
    ForeignKey(
        "assignment_submissions",
        "parent_submission_id",
        "assignment_submissions",
        "SET NULL",
        state={"revision_number": 2},
    ),
    ForeignKey("messages", "sender_id", "users"),
    ForeignKey("messages", "recipient_id", "users"),
    ForeignKey("messages", "parent_message_id", "messages", "SET NULL"),
    ForeignKey("discussion_threads", "course_id", "courses"),
    ForeignKey("discussion_threads", "author_id", "users"),
    ForeignKey("discussion_posts", "thread_id", "discussion_threads"),
    ForeignKey("discussion_posts", "author_id", "users"),
    ForeignKey("discussion_posts", "parent_post_id", "discussion_posts"),
    ForeignKey("announcements", "course_id", "courses"),
    ForeignKey("announcements", "educator_id", "users"),
    ForeignKey("notifications", "recipient_id", "users"),
    ForeignKey("course_analytics", "course_id", "courses"),
    ForeignKey("course_analytics", "most_difficult_lesson_id", "lessons", "SET NULL"),
    ForeignKey("student_analytics", "user_id", "users"),
    ForeignKey("analytics_events", "user_id", "users"),
    ForeignKey("payments", "user_id", "users"),
    ForeignKey("payments", "course_id", "courses"),
    ForeignKey("subscriptions", "user_id", "users"),
    ForeignKey("refunds", "payment_id", "payments"),
    ForeignKey("refunds", "enrollment_id", "enrollments"),
]
