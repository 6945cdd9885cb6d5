"""Courses, their modules and their lessons."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Deferrable, F, Q
from django.utils.text import slugify

from config.postgres import (
    LARGEST_AMOUNT,
    EnumField,
    JSONField,
    Reference,
    caption,
    exactly_when,
    finite_check,
    json_check,
    not_blank,
    not_blank_check,
)
from config.postgres.models import TimestampedModel
from courses.enums import CourseStatus, Difficulty, LessonType
from courses.querysets import SEARCH_DOCUMENT, CourseQuerySet


class Course(TimestampedModel):
    """A course, from its draft to the archive."""

    instructor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DB_CASCADE,
        db_index=False,
        related_name="taught_courses",
        db_comment="The educator who owns the course.",
    )
    title = models.CharField(max_length=255)
    description = models.TextField(blank=True, db_default="")
    slug = models.SlugField(
        max_length=255, db_index=False, db_comment="Unique name of the course in URLs."
    )
    category = models.CharField(max_length=100)
    difficulty = EnumField(Difficulty)
    price = models.DecimalField(
        max_digits=10,
        decimal_places=2,
        db_default=0,
        db_comment="In `currency`; 0 if the course is free.",
    )
    currency = models.CharField(
        max_length=3, db_default="USD", db_comment="ISO 4217 code in capital letters."
    )
    enrollment_limit = models.IntegerField(
        null=True, blank=True, db_comment="Maximum number of students; NULL if unlimited."
    )
    enrollment_count = models.IntegerField(
        db_default=0, db_comment="Number of enrollments so far; maintained by the application."
    )
    average_rating = models.DecimalField(
        max_digits=3,
        decimal_places=2,
        null=True,
        blank=True,
        db_comment="From 0 to 5; NULL until the first review.",
    )
    total_reviews = models.IntegerField(
        db_default=0,
        db_comment="Number of reviews that average_rating sums up; maintained by the application.",
    )
    status = EnumField(CourseStatus, db_default=CourseStatus.DRAFT)
    published_at = models.DateTimeField(
        null=True, blank=True, db_comment="When the course entered the catalogue; NULL until then."
    )
    thumbnail_url = models.URLField(max_length=500, blank=True, db_default="")

    objects = CourseQuerySet.as_manager()

    distribution = Reference()

    class Meta:
        db_table = "courses"
        db_table_comment = "Courses, from draft to archive."
        indexes = (
            # Query 2: the catalogue, scanned backwards for newest first; the id breaks ties between
            # pages.
            models.Index(
                fields=["category", "difficulty", "published_at", "id"],
                condition=Q(status=CourseStatus.PUBLISHED),
                name="courses_catalogue_idx",
            ),
            # Query 3: courses sorted by popularity.
            models.Index(
                fields=["enrollment_count", "id"],
                condition=Q(status=CourseStatus.PUBLISHED),
                name="courses_popular_idx",
            ),
            # Query 3: courses sorted by rating. A backward scan returns the best courses first, and
            # courses without a rating last, because NULLs are first in the index.
            models.Index(
                F("average_rating").asc(nulls_first=True),
                "total_reviews",
                "id",
                condition=Q(status=CourseStatus.PUBLISHED),
                name="courses_rating_idx",
            ),
            # Query 5: full-text search in title and description.
            GinIndex(
                SEARCH_DOCUMENT,
                condition=Q(status=CourseStatus.PUBLISHED),
                name="courses_search_idx",
            ),
            # Query 8: an instructor's courses by status.
            models.Index(fields=["instructor", "status"], name="courses_instructor_idx"),
            # Query 27: the moderators' queue.
            models.Index(
                fields=["created_at"],
                condition=Q(status=CourseStatus.PENDING_REVIEW),
                name="courses_pending_review_idx",
            ),
        )
        constraints = (
            # Query 4: the course page finds its course by the slug.
            models.UniqueConstraint(fields=["slug"], name="courses_slug_uniq"),
            # The form that slugify() returns, in lower case, so that no two URLs differ only in
            # case.
            models.CheckConstraint(
                condition=Q(slug__regex="^[a-z0-9_]+(-[a-z0-9_]+)*$"), name="courses_slug_check"
            ),
            not_blank_check("title", name="courses_title_check"),
            not_blank_check("category", name="courses_category_check"),
            models.CheckConstraint(
                condition=Q(price__range=(0, LARGEST_AMOUNT)), name="courses_price_check"
            ),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="courses_currency_check"
            ),
            models.CheckConstraint(
                condition=Q(enrollment_limit__gt=0), name="courses_enrollment_limit_check"
            ),
            models.CheckConstraint(
                condition=Q(enrollment_count__gte=0), name="courses_enrollment_count_check"
            ),
            models.CheckConstraint(
                condition=Q(total_reviews__gte=0), name="courses_total_reviews_check"
            ),
            models.CheckConstraint(
                condition=Q(average_rating__range=(0, 5)), name="courses_average_rating_check"
            ),
            # A course has a rating exactly when it has reviews.
            models.CheckConstraint(
                condition=exactly_when(Q(average_rating__isnull=False), Q(total_reviews__gt=0)),
                name="courses_rating_reviews_check",
            ),
            # A published course has published_at.
            models.CheckConstraint(
                condition=~Q(status=CourseStatus.PUBLISHED) | Q(published_at__isnull=False),
                name="courses_published_at_check",
            ),
            finite_check("created_at", "updated_at", "published_at", name="courses_finite_check"),
        )

    def __str__(self) -> str:
        name = caption(self.title)
        # If several courses have this title, only one of them has the plain slug of the title.
        return name if self.slug == slugify(self.title) else f"{name} ({caption(self.slug)})"


class CourseModule(TimestampedModel):
    """A chapter of a course."""

    course = models.ForeignKey(Course, models.DB_CASCADE, db_index=False, related_name="modules")
    title = models.CharField(max_length=255)
    description = models.TextField(blank=True, db_default="")
    order_number = models.IntegerField(db_comment="Position in the course, starting at 1.")
    duration_minutes = models.IntegerField(db_default=0, db_comment="Expected effort in minutes.")
    prerequisite_module = models.ForeignKey(
        "self",
        models.DB_SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="unlocked_modules",
        db_comment="The module to finish before this one; NULL if there is none.",
    )

    distribution = Reference()

    class Meta:
        db_table = "course_modules"
        db_table_comment = "Modules: the chapters of a course, in order."
        ordering = ("order_number",)
        indexes = (
            # Query 28: removing a module clears prerequisite_module in the modules that name it.
            models.Index(fields=["prerequisite_module"], name="course_modules_prereq_idx"),
        )
        constraints = (
            # Query 4: modules in order. Deferrable, so that one statement can reorder them.
            models.UniqueConstraint(
                fields=["course", "order_number"],
                deferrable=Deferrable.IMMEDIATE,
                name="course_modules_order_uniq",
            ),
            not_blank_check("title", name="course_modules_title_check"),
            models.CheckConstraint(
                condition=Q(order_number__gte=1), name="course_modules_order_number_check"
            ),
            models.CheckConstraint(
                condition=Q(duration_minutes__gte=0), name="course_modules_duration_minutes_check"
            ),
            # A module is not its own prerequisite.
            models.CheckConstraint(
                condition=~Q(prerequisite_module=F("id")), name="course_modules_prerequisite_check"
            ),
            finite_check("created_at", "updated_at", name="course_modules_finite_check"),
        )

    def __str__(self) -> str:
        return f"{self.course}: {self.order_number}. {self.get_inline_title()}"

    def get_inline_title(self) -> str:
        """Return the name on the page of the course."""
        return caption(self.title)


class Lesson(TimestampedModel):
    """A step of a module."""

    module = models.ForeignKey(
        CourseModule, models.DB_CASCADE, db_index=False, related_name="lessons"
    )
    title = models.CharField(max_length=255)
    description = models.TextField(blank=True, db_default="")
    lesson_type = EnumField(LessonType)
    content_url = models.URLField(
        max_length=500, blank=True, db_default="", db_comment="Address of the video or file."
    )
    content_text = models.TextField(blank=True, db_default="")
    duration_minutes = models.IntegerField(
        null=True, blank=True, db_comment="Expected effort in minutes; NULL if unknown."
    )
    order_number = models.IntegerField(db_comment="Position in the module, starting at 1.")
    is_preview = models.BooleanField(
        db_default=False, db_comment="True if the lesson is visible without an enrollment."
    )
    metadata = JSONField(
        blank=True, db_default={}, db_comment="Object with further settings for the lesson player."
    )

    distribution = Reference()

    class Meta:
        db_table = "lessons"
        db_table_comment = "Lessons: the steps of a module, in order."
        ordering = ("order_number",)
        constraints = (
            # Query 4: lessons in order. Deferrable, so that one statement can reorder them.
            models.UniqueConstraint(
                fields=["module", "order_number"],
                deferrable=Deferrable.IMMEDIATE,
                name="lessons_order_uniq",
            ),
            not_blank_check("title", name="lessons_title_check"),
            models.CheckConstraint(
                condition=Q(order_number__gte=1), name="lessons_order_number_check"
            ),
            models.CheckConstraint(
                condition=Q(duration_minutes__gte=0), name="lessons_duration_minutes_check"
            ),
            # A video lesson has an address.
            models.CheckConstraint(
                condition=~Q(lesson_type=LessonType.VIDEO) | not_blank("content_url"),
                name="lessons_video_check",
            ),
            # A text lesson has a text.
            models.CheckConstraint(
                condition=~Q(lesson_type=LessonType.TEXT) | not_blank("content_text"),
                name="lessons_text_check",
            ),
            json_check("metadata", name="lessons_metadata_check"),
            finite_check("created_at", "updated_at", name="lessons_finite_check"),
        )

    def __str__(self) -> str:
        module = self.module
        number = f"{module.order_number}.{self.order_number}"
        return f"{module.course}: {number} {self.get_inline_title()}"

    def get_inline_title(self) -> str:
        """Return the name on the page of the module."""
        return caption(self.title)
