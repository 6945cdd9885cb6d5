"""Queries for courses."""

from typing import TYPE_CHECKING, Self

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db import models
from django.db.models import F

from config.postgres import keyset_page
from courses.enums import CourseStatus, Difficulty

if TYPE_CHECKING:
    from courses.models import Course

SEARCH_CONFIG = "english"

# The index courses_search_idx is on exactly this expression; no other expression can use it.
SEARCH_DOCUMENT = SearchVector("title", weight="A", config=SEARCH_CONFIG) + SearchVector(
    "description", weight="B", config=SEARCH_CONFIG
)


class CourseQuerySet(models.QuerySet["Course"]):
    """The queries of the catalogue, of educators and of moderators."""

    def published(self) -> Self:
        """Return the courses in the catalogue."""
        return self.filter(status=CourseStatus.PUBLISHED)

    def catalogue(
        self, category: str, difficulty: Difficulty, after: "Course | None" = None
    ) -> Self:
        """Query 2: return published courses of a category and difficulty, newest first.

        With `after`, begin after that course.
        """
        courses = self.published().filter(category=category, difficulty=difficulty)
        return keyset_page(courses, "published_at", after)

    def popular(self) -> Self:
        """Query 3: return published courses, those with most students first."""
        return self.published().order_by("-enrollment_count", "-id")

    def top_rated(self) -> Self:
        """Query 3: return published courses, best rated first; more reviews break a tie."""
        return self.published().order_by(
            F("average_rating").desc(nulls_last=True), "-total_reviews", "-id"
        )

    def with_outline(self) -> Self:
        """Query 4: add modules and lessons, in order: `with_outline().get(slug=slug)`."""
        return self.prefetch_related("modules__lessons")

    def search(self, words: str) -> Self:
        """Query 5: return published courses that match the words, best first."""
        query = SearchQuery(words, config=SEARCH_CONFIG, search_type="websearch")
        return (
            self.published()
            .alias(document=SEARCH_DOCUMENT)
            .filter(document=query)
            .order_by(SearchRank(SEARCH_DOCUMENT, query).desc(), "-id")
        )

    def with_status(self, status: CourseStatus) -> Self:
        """Query 8: return courses by last change: `educator.taught_courses.with_status(status)`."""
        return self.filter(status=status).order_by("-updated_at")

    def pending_review(self) -> Self:
        """Query 27: return courses that await a moderator, oldest first."""
        return self.filter(status=CourseStatus.PENDING_REVIEW).order_by("created_at")
