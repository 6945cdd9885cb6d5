"""Enrollments in courses, progress in lessons, and certificates."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from config.postgres import (
    Distributed,
    DistributedQuerySet,
    EnumField,
    JSONField,
    Now,
    Reference,
    caption,
    exactly_when,
    finite_check,
    json_check,
    keyset_page,
    not_blank_check,
)
from config.postgres.models import IdentifiedModel, TimestampedModel
from enrollments.enums import EnrollmentStatus, ProgressStatus


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    """The queries for enrollments of a student or a course."""

    def active(self) -> Self:
        """Return enrollments whose student is still taking the course."""
        return self.filter(status=EnrollmentStatus.ACTIVE)

    def home(self) -> Self:
        """Query 6: return active enrollments by last access: `student.enrollments.home()`."""
        return (
            self.active()
            .select_related("course")
            .order_by(F("last_accessed_at").desc(nulls_last=True), "-enrolled_at")
        )

    def roster(self, status: EnrollmentStatus, after: "Enrollment | None" = None) -> Self:
        """Query 9: return enrollments, newest first: `course.enrollments.roster(status)`.

        With `after`, begin after that enrollment.
        """
        return keyset_page(self.filter(status=status), "enrolled_at", after)


class Enrollment(TimestampedModel):
    """The enrollment of a student in a course."""

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
        db_comment="From 0 to 100; maintained by the application.",
    )
    last_accessed_at = models.DateTimeField(
        null=True, blank=True, db_comment="When the student last opened the course; NULL if never."
    )
    payment = models.ForeignKey(
        "payments.Payment",
        models.DB_SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="enrollments",
        db_comment="The payment for it; NULL if free or subscribed, or the payment was removed.",
    )
    status = EnumField(EnrollmentStatus, db_default=EnrollmentStatus.ACTIVE)

    objects = EnrollmentQuerySet.as_manager()

    distribution = Reference()

    class Meta:
        db_table = "enrollments"
        db_table_comment = "Enrollments of students in courses: one row per student and course."
        indexes = (
            # Query 9: the roster, scanned backwards for newest first; the id breaks ties between
            # pages.
            models.Index(
                fields=["course", "status", "enrolled_at", "id"], name="enrollments_roster_idx"
            ),
            # Query 28: removing a payment clears payment in its enrollment.
            models.Index(fields=["payment"], name="enrollments_payment_idx"),
        )
        constraints = (
            # Query 6: the few dozen courses of a student are sorted in memory. An index on the last
            # access would be updated with every opened lesson.
            # Query 12: `include` lets an index-only scan find the active courses of a student.
            models.UniqueConstraint(
                fields=["student", "course"],
                include=["status"],
                name="enrollments_student_course_uniq",
            ),
            models.CheckConstraint(
                condition=Q(progress_percentage__range=(0, 100)),
                name="enrollments_progress_percentage_check",
            ),
            # The status is completed exactly when completed_at is set.
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
            # A course is not completed before the enrollment.
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


class LessonProgressQuerySet(DistributedQuerySet["LessonProgress"]):
    """The queries for progress of an enrollment."""

    def for_player(self) -> Self:
        """Query 7: also read the lessons: `enrollment.lesson_progress.for_player()`."""
        return self.select_related("lesson")


class LessonProgress(TimestampedModel):
    """Progress of a student in a lesson."""

    enrollment = models.ForeignKey(
        Enrollment, models.DB_CASCADE, db_index=False, related_name="lesson_progress"
    )
    lesson = models.ForeignKey(
        "courses.Lesson", models.DB_CASCADE, db_index=False, related_name="progress"
    )
    status = EnumField(ProgressStatus, db_default=ProgressStatus.NOT_STARTED)
    time_spent_seconds = models.IntegerField(
        db_default=0, db_comment="Time spent in the player so far, in seconds."
    )
    completed_at = models.DateTimeField(null=True, blank=True)
    quiz_score = models.IntegerField(
        null=True,
        blank=True,
        db_comment="Best score in the lesson's quiz, from 0 to 100; NULL if there is none.",
    )
    attempts_count = models.IntegerField(
        db_default=0, db_comment="Number of attempts at the lesson's quiz or assignment so far."
    )
    last_accessed_at = models.DateTimeField(
        null=True, blank=True, db_comment="When the student last opened the lesson; NULL if never."
    )

    objects = LessonProgressQuerySet.as_manager()

    distribution = Distributed("enrollment")

    class Meta:
        db_table = "lesson_progress"
        db_table_comment = "Progress in lessons: one row per enrollment and opened lesson."
        verbose_name_plural = "lesson progress"
        indexes = (
            # Query 28: removing a lesson removes its progress.
            models.Index(fields=["lesson"], name="lesson_progress_lesson_idx"),
        )
        constraints = (
            # Query 7: the player reads all progress of an enrollment.
            models.UniqueConstraint(
                fields=["enrollment", "lesson"], name="lesson_progress_enrollment_lesson_uniq"
            ),
            # The status is completed exactly when completed_at is set.
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
    """A proof that a course was completed."""

    enrollment = models.OneToOneField(Enrollment, models.DB_CASCADE, related_name="certificate")
    certificate_id = models.CharField(
        max_length=100, db_comment="Public id, printed on the certificate."
    )
    pdf_url = models.URLField(
        max_length=500, blank=True, db_default="", db_comment="Empty until the file is generated."
    )
    issued_at = models.DateTimeField(db_default=Now())
    verification_url = models.URLField(
        max_length=500,
        blank=True,
        db_default="",
        db_comment="Public address at which the certificate can be verified.",
    )
    metadata = JSONField(
        blank=True,
        db_default={},
        db_comment="Object with the data printed on the certificate, as of its issue.",
    )
    created_at = models.DateTimeField(
        db_default=Now(), editable=False, db_comment="When the row was inserted."
    )

    distribution = Reference()

    class Meta:
        db_table = "certificates"
        db_table_comment = "Certificates of completed enrollments."
        constraints = (
            # Query 26: verification runs `Certificate.objects.get(certificate_id=public_id)`.
            models.UniqueConstraint(
                fields=["certificate_id"], name="certificates_certificate_id_uniq"
            ),
            not_blank_check("certificate_id", name="certificates_certificate_id_check"),
            json_check("metadata", name="certificates_metadata_check"),
            finite_check("issued_at", "created_at", name="certificates_finite_check"),
        )

    def __str__(self) -> str:
        return f"{caption(self.certificate_id)} of {self.enrollment}"
