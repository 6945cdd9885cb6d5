"""Who takes which course, and how far they are."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from config.postgres import Now, exactly_when, finite_check, json_check, not_blank_check
from config.postgres.enums import EnumField
from config.postgres.models import IdentifiedModel, TimestampedModel
from enrollments.enums import EnrollmentStatus, ProgressStatus


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    """Enrollments of a student or of a course."""

    def active(self) -> Self:
        """Those whose student still takes the course."""
        return self.filter(status=EnrollmentStatus.ACTIVE)

    def home(self) -> Self:
        """Query 6: `student.enrollments.home()`, active ones, last accessed first."""
        return (
            self.active()
            .select_related("course")
            .order_by(F("last_accessed_at").desc(nulls_last=True), "-enrolled_at")
        )

    def roster(self, status: EnrollmentStatus, after: "Enrollment | None" = None) -> Self:
        """Query 9: `course.enrollments.roster(status)`, newest first; the page after that one."""
        enrollments = self.filter(status=status)
        if after:
            enrollments = enrollments.filter(enrolled_at__lte=after.enrolled_at).exclude(
                enrolled_at=after.enrolled_at, id__gte=after.id
            )
        return enrollments.order_by("-enrolled_at", "-id")


class Enrollment(TimestampedModel):
    """A student in a course."""

    student = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DB_CASCADE, db_index=False, related_name="enrollments"
    )
    course = models.ForeignKey(
        "courses.Course", models.DB_CASCADE, db_index=False, related_name="enrollments"
    )
    enrolled_at = models.DateTimeField(db_default=Now())
    completed_at = models.DateTimeField(null=True, blank=True)
    progress_percentage = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        db_default=0,
        db_comment="0 to 100; kept by the application.",
    )
    last_accessed_at = models.DateTimeField(
        null=True, blank=True, db_comment="When the student last opened the course; NULL: never."
    )
    payment = models.ForeignKey(
        "payments.Payment",
        models.DB_SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="enrollments",
        db_comment="What paid for it; NULL: free, by subscription, or the payment was removed.",
    )
    status = EnumField(EnrollmentStatus, db_default=EnrollmentStatus.ACTIVE)

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        db_table = "enrollments"
        db_table_comment = "Students in courses: one row per student and course."
        indexes = (
            # Query 9: the roster; read backwards it is newest first, id is the page's key.
            models.Index(
                fields=["course", "status", "enrolled_at", "id"], name="enrollments_roster_idx"
            ),
            # Query 28: a payment goes, its enrollment stays.
            models.Index(fields=["payment"], name="enrollments_payment_idx"),
        )
        constraints = (
            # Query 6: the tens of courses of a student are sorted by last access in memory: an
            # index on it would be rewritten with every lesson opened.
            # Query 12: finds the active courses of a student in the index alone, by `include`.
            models.UniqueConstraint(
                fields=["student", "course"],
                include=["status"],
                name="enrollments_student_course_uniq",
            ),
            models.CheckConstraint(
                condition=Q(progress_percentage__range=(0, 100)),
                name="enrollments_progress_percentage_check",
            ),
            # Completed exactly when it says since when.
            models.CheckConstraint(
                condition=exactly_when(
                    Q(status=EnrollmentStatus.COMPLETED), Q(completed_at__isnull=False)
                ),
                name="enrollments_completed_check",
            ),
            models.CheckConstraint(
                condition=~Q(status=EnrollmentStatus.COMPLETED) | Q(progress_percentage=100),
                name="enrollments_completed_progress_check",
            ),
            # Not before the enrollment.
            models.CheckConstraint(
                condition=Q(completed_at__gte=F("enrolled_at")),
                name="enrollments_completed_at_check",
            ),
            finite_check(
                "created_at",
                "updated_at",
                "enrolled_at",
                "completed_at",
                "last_accessed_at",
                name="enrollments_finite_check",
            ),
        )

    def __str__(self) -> str:
        return f"{self.student} in {self.course}"


class LessonProgressQuerySet(models.QuerySet["LessonProgress"]):
    """Progress of an enrollment."""

    def for_player(self) -> Self:
        """Query 7: `enrollment.lesson_progress.for_player()`, with their lessons."""
        return self.select_related("lesson")


class LessonProgress(TimestampedModel):
    """How far a student is in a lesson."""

    enrollment = models.ForeignKey(
        Enrollment, models.DB_CASCADE, db_index=False, related_name="lesson_progress"
    )
    lesson = models.ForeignKey(
        "courses.Lesson", models.DB_CASCADE, db_index=False, related_name="progress"
    )
    status = EnumField(ProgressStatus, db_default=ProgressStatus.NOT_STARTED)
    time_spent_seconds = models.IntegerField(
        db_default=0, db_comment="Time in the player so far, in seconds."
    )
    completed_at = models.DateTimeField(null=True, blank=True)
    quiz_score = models.IntegerField(
        null=True, blank=True, db_comment="Best score in the lesson's quiz, 0 to 100; NULL: none."
    )
    attempts_count = models.IntegerField(
        db_default=0, db_comment="Attempts at the lesson's quiz or assignment so far."
    )
    last_accessed_at = models.DateTimeField(
        null=True, blank=True, db_comment="When the student last opened the lesson; NULL: never."
    )

    objects = LessonProgressQuerySet.as_manager()

    class Meta:
        db_table = "lesson_progress"
        db_table_comment = "Progress: one row per enrollment and lesson that was opened."
        verbose_name_plural = "lesson progress"
        indexes = (
            # Query 28: a lesson goes with its progress.
            models.Index(fields=["lesson"], name="lesson_progress_lesson_idx"),
        )
        constraints = (
            # Query 7: the player reads all of an enrollment.
            models.UniqueConstraint(
                fields=["enrollment", "lesson"], name="lesson_progress_enrollment_lesson_uniq"
            ),
            # Completed exactly when it says since when.
            models.CheckConstraint(
                condition=exactly_when(
                    Q(status=ProgressStatus.COMPLETED), Q(completed_at__isnull=False)
                ),
                name="lesson_progress_completed_check",
            ),
            models.CheckConstraint(
                condition=Q(time_spent_seconds__gte=0),
                name="lesson_progress_time_spent_seconds_check",
            ),
            models.CheckConstraint(
                condition=Q(quiz_score__range=(0, 100)), name="lesson_progress_quiz_score_check"
            ),
            models.CheckConstraint(
                condition=Q(attempts_count__gte=0), name="lesson_progress_attempts_count_check"
            ),
            finite_check(
                "created_at",
                "updated_at",
                "completed_at",
                "last_accessed_at",
                name="lesson_progress_finite_check",
            ),
        )

    def __str__(self) -> str:
        return f"{self.enrollment.student} in {self.lesson}"


class Certificate(IdentifiedModel):
    """The proof that a course was completed."""

    enrollment = models.OneToOneField(Enrollment, models.DB_CASCADE, related_name="certificate")
    certificate_id = models.CharField(
        max_length=100, db_comment="The public id, printed on the certificate."
    )
    pdf_url = models.URLField(
        max_length=500, blank=True, db_default="", db_comment="Empty until the file is made."
    )
    issued_at = models.DateTimeField(db_default=Now())
    verification_url = models.URLField(
        max_length=500, blank=True, db_default="", db_comment="Where anybody can verify it."
    )
    metadata = models.JSONField(
        blank=True,
        db_default={},
        db_comment="Object: what is printed on it, as it was when it was issued.",
    )
    created_at = models.DateTimeField(
        db_default=Now(), editable=False, db_comment="When the row was inserted."
    )

    class Meta:
        db_table = "certificates"
        db_table_comment = "Certificates of completed enrollments."
        constraints = (
            # Query 26: `Certificate.objects.get(certificate_id=public_id)`.
            models.UniqueConstraint(
                fields=["certificate_id"], name="certificates_certificate_id_uniq"
            ),
            not_blank_check("certificate_id", name="certificates_certificate_id_check"),
            json_check("metadata", name="certificates_metadata_check"),
            finite_check("issued_at", "created_at", name="certificates_finite_check"),
        )

    def __str__(self) -> str:
        return self.certificate_id
