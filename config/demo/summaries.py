"""Rows of the analytics tables, computed while the other rows are generated."""

from array import array
from collections import Counter
from collections.abc import Iterator
from typing import Any

from config.demo.plan import PlatformPlan
from config.demo.randomness import DAY, MINUTE, hundredths, stamp
from config.demo.rows import Row, to_json
from config.demo.subjects import CATEGORIES
from courses.enums import Difficulty
from enrollments.enums import EnrollmentStatus

SKILL_POINTS = {Difficulty.BEGINNER: 1, Difficulty.INTERMEDIATE: 2, Difficulty.ADVANCED: 3}
BEST_RATING = 5


class StudentSummaries:
    """The summaries of all students. An integer of `days` has a bit for each active day."""

    def __init__(self, plan: PlatformPlan) -> None:
        self.plan = plan
        self.enrolled = array("i", bytes(4 * plan.students))
        self.completed = array("i", bytes(4 * plan.students))
        self.dropped = array("i", bytes(4 * plan.students))
        self.seconds = array("q", bytes(8 * plan.students))
        self.scores = array("q", bytes(8 * plan.students))
        self.scored = array("i", bytes(4 * plan.students))
        self.skills = {category.name: array("B", bytes(plan.students)) for category in CATEGORIES}
        self.days = [0] * plan.students

    def score(self, student: int, score: int) -> None:
        """Add the score of a quiz, in hundredths of a percent."""
        self.scores[student] += score
        self.scored[student] += 1

    def enroll(self, student: int, status: EnrollmentStatus, seconds: int) -> None:
        self.enrolled[student] += 1
        self.completed[student] += status is EnrollmentStatus.COMPLETED
        self.dropped[student] += status is EnrollmentStatus.DROPPED
        self.seconds[student] += seconds

    def learn(self, student: int, category: str, difficulty: Difficulty) -> None:
        skill = self.skills[category]
        skill[student] = min(BEST_RATING, skill[student] + SKILL_POINTS[difficulty])

    def rows(self, ids: list[str]) -> Iterator[Row]:
        for student, user in enumerate(ids):
            yield Row("student_analytics", {"user_id": user} | self._summary(student))

    def _summary(self, student: int) -> dict[str, Any]:
        current, longest = streaks(self.days[student], (self.plan.end - self.plan.begin) // DAY - 1)
        enrolled, completed = self.enrolled[student], self.completed[student]
        return {
            "total_courses_enrolled": enrolled,
            "courses_completed": completed,
            "courses_in_progress": enrolled - completed - self.dropped[student],
            "average_quiz_score": self.average_score(student),
            "total_time_invested_minutes": self.seconds[student] // MINUTE,
            "current_streak_days": current,
            "longest_streak_days": longest,
            "badges_earned": to_json(badges(completed, longest)),
            "skill_ratings": to_json(
                {name: skill[student] for name, skill in self.skills.items() if skill[student]}
            ),
            "last_updated": stamp(self.plan.end),
        }

    def average_score(self, student: int) -> str | None:
        scored = self.scored[student]
        return hundredths(self.scores[student], 100 * scored) if scored else None


def streaks(days: int, today: int) -> tuple[int, int]:
    """Return the lengths of the current and the longest streak; each bit of `days` is a day."""
    current = longest = 0
    while current <= today and days >> (today - current) & 1:
        current += 1
    while days:  # Each round removes the last day of every run.
        days &= days << 1
        longest += 1
    return current, longest


def badges(completed: int, longest_streak: int) -> list[str]:
    """Return the badges in the order in which they can be earned."""
    earned = {
        "first_course": completed >= 1,
        "three_courses": completed >= 3,
        "ten_courses": completed >= 10,
        "three_days_in_a_row": longest_streak >= 3,
        "week_in_a_row": longest_streak >= 7,
    }
    return [badge for badge, is_earned in earned.items() if is_earned]


class CourseSummary:
    """The summary of a course."""

    def __init__(self) -> None:
        self.statuses: Counter[EnrollmentStatus] = Counter()
        self.failures: Counter[str] = Counter()
        self.engagement: Counter[str] = Counter()
        self.seconds_to_completion = 0
        self.revenue = 0

    def row(self, course: str, average_rating: str | None, moment: int) -> Row:
        enrollments, completed = self.statuses.total(), self.statuses[EnrollmentStatus.COMPLETED]
        dropped = self.statuses[EnrollmentStatus.DROPPED]
        return Row(
            "course_analytics",
            {
                "course_id": course,
                "total_enrollments": enrollments,
                "active_enrollments": enrollments - completed - dropped,
                "completion_count": completed,
                "completion_rate": hundredths(100 * completed, enrollments),
                "average_rating": average_rating,
                "total_revenue": hundredths(self.revenue, 100),
                "average_time_to_completion_days": (
                    self.seconds_to_completion // (completed * DAY) if completed else None
                ),
                "dropout_rate": hundredths(100 * dropped, enrollments),
                "most_difficult_lesson_id": max(
                    self.failures, key=lambda lesson: (self.failures[lesson], lesson), default=None
                ),
                "engagement_metrics": to_json(dict(sorted(self.engagement.items()))),
                "last_updated": stamp(moment),
            },
        )
