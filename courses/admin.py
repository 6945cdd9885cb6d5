"""Courses, modules and lessons in the admin."""

from itertools import count
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from config.admin import (
    Allowed,
    EmptyFilter,
    ModelAdmin,
    ModelForm,
    QuerySet,
    StackedInline,
    TabularInline,
    currencies,
)
from courses.enums import CourseStatus
from courses.models import Course, CourseModule, Lesson
from courses.slugs import slug_of
from users.admin import EDUCATOR


class ModuleInline(TabularInline):
    model = CourseModule
    fields = ("order_number", "title", "duration_minutes")
    ordering_field = "order_number"


class LessonInline(StackedInline):
    model = Lesson
    fields = (
        "order_number",
        "title",
        "lesson_type",
        "content_url",
        "content_text",
        "duration_minutes",
        "is_preview",
    )
    ordering_field = "order_number"


class CourseForm(ModelForm):
    """A form that creates the slug from the title if no slug is typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False
        self.fields["slug"].help_text += " If it is left empty, it is created from the title."

    def clean_slug(self) -> str:
        """Return the typed slug, or a new one that no other course has."""
        if typed := self.cleaned_data["slug"]:
            return str(typed)
        if "title" not in self.cleaned_data:
            raise ValidationError(self.fields["slug"].error_messages["required"])
        if not (slug := slug_of(self.cleaned_data["title"])):
            raise ValidationError("Type a slug: the title has no letters or digits.")
        others = Course.objects.exclude(pk=self.instance.pk)
        candidates = (f"{slug}-{n}" if n > 1 else slug for n in count(1))
        return next(name for name in candidates if not others.filter(slug=name).exists())


@admin.register(Course)
class CourseAdmin(ModelAdmin):
    icon = "school"
    through = (
        ("courses.Lesson", "module__course"),
        ("assessments.Quiz", "lesson__module__course"),
        ("assessments.Assignment", "lesson__module__course"),
    )
    money = {"price": "currency"}
    offers = {"currency": currencies}
    list_display = (
        "title",
        "instructor",
        "status",
        "difficulty",
        "price",
        "enrollment_count",
        "average_rating",
        "published_at",
    )
    list_filter = (
        "status",
        "difficulty",
        "instructor",
        "price",
        "enrollment_count",
        "average_rating",
        "published_at",
        "created_at",
    )
    search_fields = ("title", "slug__exact", "category", "instructor__email__startswith")
    search_help_text = (
        "Words of the title or the description, the category, or the instructor's e-mail"
    )
    form = CourseForm
    prepopulated_fields = {"slug": ("title",)}
    allowed: ClassVar[dict[str, Allowed]] = {"instructor": EDUCATOR}
    readonly_fields = ("enrollment_count", "average_rating", "total_reviews")
    inlines = (ModuleInline,)
    actions = ("publish", "archive")

    class Media:
        js = ("config_admin/slug.js",)

    violations = {
        "courses_slug_check": (
            "slug",
            "Use lower-case letters, digits and underscores, separated by single hyphens.",
        ),
        "courses_currency_check": ("currency", "Use three capital letters, such as EUR."),
        "courses_rating_reviews_check": (
            "average_rating",
            "A course has a rating if and only if it has reviews.",
        ),
        "courses_published_at_check": (
            "published_at",
            "A published course needs the time of its publication.",
        ),
    }

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Also find courses by the search of the catalogue, which reads descriptions."""
        found, duplicates = super().get_search_results(request, queryset, search_term)
        if not found.query.is_empty() and (words := search_term.strip()):
            keys = list(Course.objects.search(words).values_list("pk", flat=True)[:100])
            found |= queryset.filter(pk__in=keys)
        return found, duplicates

    @admin.action(description="Publish selected courses")
    def publish(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Publish courses. A course that was published before keeps its time of publication."""
        since = Coalesce("published_at", timezone.now())
        self._set_status(request, queryset, CourseStatus.PUBLISHED, published_at=since)

    @admin.action(description="Archive selected courses")
    def archive(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._set_status(request, queryset, CourseStatus.ARCHIVED)

    def _set_status(
        self, request: HttpRequest, rows: QuerySet, status: CourseStatus, **values: object
    ) -> None:
        values |= {"status": status, "updated_at": timezone.now()}
        others = ~Q(status=status)
        self.change(request, rows, others, status.value, f"already {status.value}", **values)


@admin.register(CourseModule)
class CourseModuleAdmin(ModelAdmin):
    icon = "view_list"
    named_by = ("course",)
    list_display = ("title", "course", "order_number", "duration_minutes", "prerequisite_module")
    list_filter = (
        "course",
        ("prerequisite_module", EmptyFilter),
        "order_number",
        "duration_minutes",
        "created_at",
        "updated_at",
    )
    search_fields = ("title", "course__title")
    search_help_text = "Part of the title of the module or the course"
    ordering = ("course_id", "order_number")
    inlines = (LessonInline,)
    violations = {
        "course_modules_prerequisite_check": (
            "prerequisite_module",
            "A module cannot be its own prerequisite.",
        ),
    }


@admin.register(Lesson)
class LessonAdmin(ModelAdmin):
    icon = "play_circle"
    named_by = ("module__course",)
    list_display = (
        "title",
        "module",
        "order_number",
        "lesson_type",
        "duration_minutes",
        "is_preview",
    )
    list_filter = (
        "lesson_type",
        "is_preview",
        "module",
        "duration_minutes",
        "created_at",
        "updated_at",
    )
    search_fields = ("title", "module__title", "module__course__title")
    search_help_text = "Part of the title of the lesson, the module or the course"
    ordering = ("module_id", "order_number")
    violations = {
        "lessons_video_check": ("content_url", "A video lesson needs the address of the video."),
        "lessons_text_check": ("content_text", "A text lesson needs a text."),
    }
