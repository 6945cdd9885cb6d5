"""Quizzes and assignments, and the submissions of students."""

from django.conf import settings
from django.db import models
from django.db.models import Deferrable, F, Q
from django.db.models.lookups import Exact

from assessments.enums import (
    AssignmentGradingStatus,
    GradingStatus,
    QuestionDifficulty,
    QuestionType,
    QuizType,
)
from assessments.querysets import (
    AWAITING_REVIEW,
    AssignmentQuerySet,
    AssignmentSubmissionQuerySet,
    QuizSubmissionQuerySet,
)
from config.postgres import (
    LARGEST_AMOUNT,
    Distributed,
    EnumField,
    JSONField,
    JSONTypeof,
    Now,
    Reference,
    caption,
    finite_check,
    json_check,
    not_blank,
    not_blank_check,
)
from config.postgres.models import TimestampedModel


class Quiz(TimestampedModel):
    """A quiz of a lesson."""

    lesson = models.ForeignKey(
        "courses.Lesson", models.DB_CASCADE, db_index=False, related_name="quizzes"
    )
    title = models.CharField(max_length=255)
    description = models.TextField(blank=True, db_default="")
    quiz_type = EnumField(QuizType)
    time_limit_minutes = models.IntegerField(
        null=True, blank=True, db_comment="Minutes allowed per attempt; NULL if unlimited."
    )
    passing_score_percentage = models.IntegerField(
        db_comment="Lowest score that passes, from 0 to 100."
    )
    max_attempts = models.IntegerField(
        db_default=0, db_comment="Number of attempts per student; 0 if unlimited."
    )
    randomize_questions = models.BooleanField(db_default=False)
    randomize_options = models.BooleanField(db_default=False)
    show_correct_answers = models.BooleanField(
        db_default=True, db_comment="True if students see the correct answers after an attempt."
    )
    show_explanations = models.BooleanField(
        db_default=True, db_comment="True if students see the explanations after an attempt."
    )
    available_from = models.DateTimeField(
        null=True, blank=True, db_comment="NULL if it is open from the start of the course."
    )
    available_until = models.DateTimeField(
        null=True, blank=True, db_comment="NULL if it never closes."
    )

    distribution = Reference()

    class Meta:
        db_table = "quizzes"
        db_table_comment = "Quizzes of lessons."
        verbose_name_plural = "quizzes"
        indexes = (
            # Query 28: removing a lesson removes its quizzes.
            models.Index(fields=["lesson"], name="quizzes_lesson_idx"),
        )
        constraints = (
            not_blank_check("title", name="quizzes_title_check"),
            models.CheckConstraint(
                condition=Q(time_limit_minutes__gt=0), name="quizzes_time_limit_minutes_check"
            ),
            models.CheckConstraint(
                condition=Q(passing_score_percentage__range=(0, 100)),
                name="quizzes_passing_score_percentage_check",
            ),
            models.CheckConstraint(
                condition=Q(max_attempts__gte=0), name="quizzes_max_attempts_check"
            ),
            # A quiz opens before it closes.
            models.CheckConstraint(
                condition=Q(available_from__lt=F("available_until")),
                name="quizzes_available_check",
            ),
            finite_check(
                "created_at",
                "updated_at",
                "available_from",
                "available_until",
                name="quizzes_finite_check",
            ),
        )

    def __str__(self) -> str:
        return f"{caption(self.title)} · {self.lesson}"


class Question(TimestampedModel):
    """A question of a quiz."""

    quiz = models.ForeignKey(Quiz, models.DB_CASCADE, db_index=False, related_name="questions")
    question_type = EnumField(QuestionType)
    question_text = models.TextField()
    question_media_url = models.URLField(
        max_length=500,
        blank=True,
        db_default="",
        db_comment="Address of a picture, sound or video.",
    )
    options = JSONField(
        null=True, blank=True, db_comment="Array of choices; NULL if the answer is free."
    )
    correct_answer = JSONField(
        blank=True,
        db_comment='Any JSON value but null, as question_type needs it; "" if a person grades it.',
    )
    explanation = models.TextField(
        blank=True, db_default="", db_comment="Why the answer is correct."
    )
    points = models.IntegerField(db_default=1, db_comment="Points for a correct answer.")
    order_number = models.IntegerField(db_comment="Position in the quiz, starting at 1.")
    difficulty = EnumField(QuestionDifficulty, db_default=QuestionDifficulty.MEDIUM)

    distribution = Reference()

    class Meta:
        db_table = "questions"
        db_table_comment = "Questions of quizzes, in order."
        ordering = ("order_number",)
        constraints = (
            # Query 10: a quiz starts with its questions in order. Deferrable, so that one statement
            # can reorder them.
            models.UniqueConstraint(
                fields=["quiz", "order_number"],
                deferrable=Deferrable.IMMEDIATE,
                name="questions_order_uniq",
            ),
            not_blank_check("question_text", name="questions_question_text_check"),
            json_check("options", "array", null=True, name="questions_options_check"),
            # Questions of these types have options to choose from.
            models.CheckConstraint(
                condition=~Q(
                    question_type__in=[QuestionType.MULTIPLE_CHOICE, QuestionType.MATCHING]
                )
                | Q(options__isnull=False) & ~Q(options=[]),
                name="questions_choice_options_check",
            ),
            # NOT NULL does not exclude JSON's own null.
            models.CheckConstraint(
                condition=~Q(Exact(JSONTypeof("correct_answer"), "null")),
                name="questions_correct_answer_check",
            ),
            models.CheckConstraint(condition=Q(points__gt=0), name="questions_points_check"),
            models.CheckConstraint(
                condition=Q(order_number__gte=1), name="questions_order_number_check"
            ),
            finite_check("created_at", "updated_at", name="questions_finite_check"),
        )

    def __str__(self) -> str:
        return f"{self.order_number}. {self.get_inline_title()} · {self.quiz}"

    def get_inline_title(self) -> str:
        """Return the name on the page of the quiz."""
        return caption(self.question_text)


class QuizSubmission(TimestampedModel):
    """A student's attempt at a quiz."""

    quiz = models.ForeignKey(Quiz, models.DB_CASCADE, db_index=False, related_name="submissions")
    student = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DB_CASCADE, db_index=False, related_name="quiz_submissions"
    )
    enrollment = models.ForeignKey(
        "enrollments.Enrollment",
        models.DB_CASCADE,
        db_index=False,
        related_name="quiz_submissions",
        db_comment="The enrollment under which the attempt was made.",
    )
    attempt_number = models.IntegerField(
        db_comment="Number of the student's attempt at this quiz, starting at 1."
    )
    started_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(
        null=True, blank=True, db_comment="NULL while the attempt is open."
    )
    time_taken_seconds = models.IntegerField(null=True, blank=True)
    score_percentage = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        db_comment="From 0 to 100; NULL until graded.",
    )
    points_earned = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, blank=True, db_comment="NULL until graded."
    )
    answers = JSONField(
        blank=True, db_default={}, db_comment="Object that maps question ids to the answers given."
    )
    grading_status = EnumField(
        GradingStatus,
        db_default=GradingStatus.AUTO_GRADED,
        db_comment="pending_review: a person has to grade it; graded: a person has graded it.",
    )
    feedback = models.TextField(blank=True, db_default="")
    graded_at = models.DateTimeField(null=True, blank=True)
    graded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DB_SET_NULL,
        null=True,
        blank=True,
        db_column="graded_by",
        db_index=False,
        related_name="graded_quiz_submissions",
        db_comment="The user who graded it; NULL if there is none, or the account was removed.",
    )

    objects = QuizSubmissionQuerySet.as_manager()

    distribution = Distributed("student")

    class Meta:
        db_table = "quiz_submissions"
        db_table_comment = "Attempts of students at quizzes."
        indexes = (
            # Query 11: the grading queue of all quizzes, oldest first.
            models.Index(
                fields=["submitted_at"],
                condition=Q(grading_status=GradingStatus.PENDING_REVIEW),
                name="quiz_submissions_queue_idx",
            ),
            # Query 11: the grading queue of a quiz, oldest first.
            models.Index(
                fields=["quiz", "submitted_at"],
                condition=Q(grading_status=GradingStatus.PENDING_REVIEW),
                name="quiz_submissions_review_idx",
            ),
            # Query 28: removing a student removes their attempts.
            models.Index(fields=["student"], name="quiz_submissions_student_idx"),
            # Query 28: removing an enrollment removes its attempts.
            models.Index(fields=["enrollment"], name="quiz_submissions_enroll_idx"),
            # Query 28: removing a grader clears graded_by in the submissions.
            models.Index(fields=["graded_by"], name="quiz_submissions_graded_by_idx"),
        )
        constraints = (
            # Query 10: the attempts of a student at a quiz.
            models.UniqueConstraint(
                fields=["quiz", "student", "attempt_number"], name="quiz_submissions_attempt_uniq"
            ),
            models.CheckConstraint(
                condition=Q(attempt_number__gte=1), name="quiz_submissions_attempt_number_check"
            ),
            # An attempt is not submitted before it was started.
            models.CheckConstraint(
                condition=Q(submitted_at__gte=F("started_at")),
                name="quiz_submissions_submitted_at_check",
            ),
            models.CheckConstraint(
                condition=Q(time_taken_seconds__gte=0),
                name="quiz_submissions_time_taken_seconds_check",
            ),
            models.CheckConstraint(
                condition=Q(score_percentage__range=(0, 100)),
                name="quiz_submissions_score_percentage_check",
            ),
            models.CheckConstraint(
                condition=Q(points_earned__range=(0, LARGEST_AMOUNT)),
                name="quiz_submissions_points_earned_check",
            ),
            json_check("answers", name="quiz_submissions_answers_check"),
            # Graded work has graded_at. graded_by may be NULL, because accounts can be removed.
            models.CheckConstraint(
                condition=~Q(grading_status=GradingStatus.GRADED) | Q(graded_at__isnull=False),
                name="quiz_submissions_graded_check",
            ),
            # Work is not graded before it was handed in.
            models.CheckConstraint(
                condition=Q(graded_at__gte=F("submitted_at")),
                name="quiz_submissions_graded_at_check",
            ),
            finite_check(
                "created_at",
                "updated_at",
                "started_at",
                "submitted_at",
                "graded_at",
                name="quiz_submissions_finite_check",
            ),
        )

    def __str__(self) -> str:
        return f"Attempt {self.attempt_number} of {self.student} at {self.quiz}"


class Assignment(TimestampedModel):
    """An assignment of a lesson, for which students hand in work."""

    lesson = models.ForeignKey(
        "courses.Lesson", models.DB_CASCADE, db_index=False, related_name="assignments"
    )
    title = models.CharField(max_length=255)
    description = models.TextField(blank=True, db_default="")
    instructions = models.TextField(blank=True, db_default="")
    due_date = models.DateTimeField(db_comment="The exact time, not only the day.")
    late_submission_allowed = models.BooleanField(db_default=False)
    late_penalty_percentage = models.IntegerField(
        db_default=0,
        db_comment="Percentage of the points that a late submission loses, from 0 to 100.",
    )
    max_points = models.IntegerField()
    requires_file_upload = models.BooleanField(db_default=True)
    allowed_file_types = JSONField(
        blank=True,
        db_default=[],
        db_comment='Array of file extensions, such as ["pdf"]; [] allows any.',
    )
    max_file_size_mb = models.IntegerField(db_default=10, db_comment="In megabytes.")
    rubric = JSONField(
        null=True,
        blank=True,
        db_comment="Object that maps criteria to points; NULL if there is no rubric.",
    )

    objects = AssignmentQuerySet.as_manager()

    distribution = Reference()

    class Meta:
        db_table = "assignments"
        db_table_comment = "Assignments of lessons, for which students hand in work."
        indexes = (
            # Query 12: assignments that are due soon in the lessons of a student's courses.
            models.Index(fields=["lesson", "due_date"], name="assignments_due_idx"),
        )
        constraints = (
            not_blank_check("title", name="assignments_title_check"),
            models.CheckConstraint(
                condition=Q(late_penalty_percentage__range=(0, 100)),
                name="assignments_late_penalty_percentage_check",
            ),
            models.CheckConstraint(
                condition=Q(max_points__gt=0), name="assignments_max_points_check"
            ),
            json_check("allowed_file_types", "array", name="assignments_allowed_file_types_check"),
            models.CheckConstraint(
                condition=Q(max_file_size_mb__gt=0), name="assignments_max_file_size_mb_check"
            ),
            json_check("rubric", null=True, name="assignments_rubric_check"),
            finite_check("created_at", "updated_at", "due_date", name="assignments_finite_check"),
        )

    def __str__(self) -> str:
        return f"{caption(self.title)} · {self.lesson}"


class AssignmentSubmission(TimestampedModel):
    """A student's submission for an assignment."""

    assignment = models.ForeignKey(
        Assignment, models.DB_CASCADE, db_index=False, related_name="submissions"
    )
    student = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DB_CASCADE,
        db_index=False,
        related_name="assignment_submissions",
    )
    enrollment = models.ForeignKey(
        "enrollments.Enrollment",
        models.DB_CASCADE,
        db_index=False,
        related_name="assignment_submissions",
        db_comment="The enrollment under which it was handed in.",
    )
    file_url = models.URLField(max_length=500, blank=True, db_default="")
    file_name = models.CharField(
        max_length=255,
        blank=True,
        db_default="",
        db_comment="Name of the file on the student's computer.",
    )
    file_size_bytes = models.BigIntegerField(null=True, blank=True)
    submission_text = models.TextField(blank=True, db_default="")
    submitted_at = models.DateTimeField(db_default=Now())
    is_late = models.BooleanField(
        db_default=False, db_comment="True if it was late by the due date that applied at the time."
    )
    points_awarded = models.DecimalField(
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        db_comment="Points after the penalty for lateness; NULL until graded.",
    )
    feedback = models.TextField(blank=True, db_default="")
    grading_status = EnumField(
        AssignmentGradingStatus, db_default=AssignmentGradingStatus.SUBMITTED
    )
    graded_at = models.DateTimeField(null=True, blank=True)
    graded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DB_SET_NULL,
        null=True,
        blank=True,
        db_column="graded_by",
        db_index=False,
        related_name="graded_assignment_submissions",
        db_comment="The user who graded it; NULL if there is none, or the account was removed.",
    )
    revision_number = models.IntegerField(
        db_default=1,
        db_comment="Number of the student's revision for this assignment, starting at 1.",
    )
    parent_submission = models.ForeignKey(
        "self",
        models.DB_SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="revisions",
        db_comment="The submission that this one revises; NULL if there is none, or was removed.",
    )

    objects = AssignmentSubmissionQuerySet.as_manager()

    distribution = Distributed("student")

    class Meta:
        db_table = "assignment_submissions"
        db_table_comment = "Submissions of students for assignments: one row per revision."
        # `assignment_subs` is short for the table, because an index name has at most 30 characters.
        indexes = (
            # Query 11: the grading queue of all assignments, oldest first.
            models.Index(
                fields=["submitted_at"],
                condition=Q(grading_status__in=AWAITING_REVIEW),
                name="assignment_subs_queue_idx",
            ),
            # Query 11: the grading queue of an assignment, oldest first.
            models.Index(
                fields=["assignment", "submitted_at"],
                condition=Q(grading_status__in=AWAITING_REVIEW),
                name="assignment_subs_review_idx",
            ),
            # Query 28: removing a student removes their submissions.
            models.Index(fields=["student"], name="assignment_subs_student_idx"),
            # Query 28: removing an enrollment removes its submissions.
            models.Index(fields=["enrollment"], name="assignment_subs_enrollment_idx"),
            # Query 28: removing a grader clears graded_by in the submissions.
            models.Index(fields=["graded_by"], name="assignment_subs_graded_by_idx"),
            # Query 28: removing a submission clears parent_submission in its revisions.
            models.Index(fields=["parent_submission"], name="assignment_subs_parent_idx"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["assignment", "student", "revision_number"],
                name="assignment_submissions_revision_uniq",
            ),
            # A submission has a file or a text.
            models.CheckConstraint(
                condition=not_blank("file_url") | not_blank("submission_text"),
                name="assignment_submissions_content_check",
            ),
            models.CheckConstraint(
                condition=Q(file_size_bytes__gte=0),
                name="assignment_submissions_file_size_bytes_check",
            ),
            models.CheckConstraint(
                condition=Q(points_awarded__range=(0, LARGEST_AMOUNT)),
                name="assignment_submissions_points_awarded_check",
            ),
            # Graded work has graded_at. graded_by may be NULL, because accounts can be removed.
            models.CheckConstraint(
                condition=~Q(grading_status=AssignmentGradingStatus.GRADED)
                | Q(graded_at__isnull=False),
                name="assignment_submissions_graded_check",
            ),
            # Work is not graded before it was handed in.
            models.CheckConstraint(
                condition=Q(graded_at__gte=F("submitted_at")),
                name="assignment_submissions_graded_at_check",
            ),
            models.CheckConstraint(
                condition=Q(revision_number__gte=1),
                name="assignment_submissions_revision_number_check",
            ),
            # The first revision has no parent. The parent of a later one may have been removed.
            models.CheckConstraint(
                condition=Q(revision_number__gt=1) | Q(parent_submission__isnull=True),
                name="assignment_submissions_first_revision_check",
            ),
            # A submission is not its own parent.
            models.CheckConstraint(
                condition=~Q(parent_submission=F("id")),
                name="assignment_submissions_parent_check",
            ),
            finite_check(
                "created_at",
                "updated_at",
                "submitted_at",
                "graded_at",
                name="assignment_submissions_finite_check",
            ),
        )

    def __str__(self) -> str:
        return f"Revision {self.revision_number} of {self.student} for {self.assignment}"
