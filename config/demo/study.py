"""The study of a course by a student: the visits to its lessons, and its end."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from config.demo.courses import Course, Lesson
from config.demo.people import People
from config.demo.quizzes import Quiz, Sheet
from config.demo.randomness import DAY, FIRST_MONDAY, MINUTE, WEEKDAY_ODDS, Chance
from enrollments.enums import EnrollmentStatus
from payments.enums import RefundStatus

SHARE_OF_PATIENT_STUDENTS = 0.55
"""The share of students who finish if they have the time."""
IDLE_BEFORE_DROPPING = 30 * DAY
"""The absence of a student after which the enrollment may count as dropped."""


@dataclass(slots=True)
class Attempt:
    """An attempt at a quiz. `submitted` is None if it is still open."""

    started: int
    submitted: int | None
    sheet: Sheet


@dataclass(slots=True)
class LessonVisit:
    """The work of a student on a lesson."""

    lesson: Lesson
    opened: int
    seconds: int
    done: int | None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def last_seen(self) -> int:
        return self.opened + self.seconds if self.done is None else self.done


class Study:
    """The progress of an enrollment, from beginning to end."""

    def __init__(
        self, people: People, course: Course, chance: Chance, student: int, begin: int, last: int
    ) -> None:
        self.people, self.course, self.chance, self.student = people, course, chance, student
        self.end, self.last = people.plan.end, people.last_moment(student)
        self.enrolled = self.chance.moment(begin, last, early=1.5)
        self.id = self.chance.uuid(self.enrolled)
        self.visits = list(self.walk())
        self.done = sum(visit.done is not None for visit in self.visits)
        self.last_seen = self.visits[-1].last_seen if self.visits else self.enrolled
        self.completed = self.last_seen if self.done == len(course.lessons) else None
        self.dropped = self.moment_of_dropping()
        self.refund = self.refund_status()
        self.status = (
            EnrollmentStatus.COMPLETED
            if self.completed
            else EnrollmentStatus.DROPPED
            if self.dropped
            else EnrollmentStatus.ACTIVE
        )

    def walk(self) -> Iterator[LessonVisit]:
        """Yield visits to one lesson after another until patience or time runs out."""
        chance, lessons = self.chance, self.course.lessons
        patience = (
            len(lessons)
            if chance.odds(SHARE_OF_PATIENT_STUDENTS)
            else chance.between(0, len(lessons) - 1)
        )
        pace = 1 + int(6 * chance.random() ** 2)
        moment = self.enrolled + chance.between(1, 20) * MINUTE
        for number, lesson in enumerate(lessons):
            if moment >= self.last - MINUTE or number > patience:
                return
            if number == patience:
                yield LessonVisit(lesson, moment, chance.between(5, MINUTE), None)
                return
            visit = self.visit(lesson, moment)
            yield visit
            if visit.done is None:
                return
            moment = visit.done + chance.between(1, 9) * MINUTE
            if chance.odds(0.5):
                moment = self.next_visit(moment, pace)

    def next_visit(self, moment: int, pace: int) -> int:
        day = moment // DAY + self.chance.between(1, pace)
        if not self.chance.odds(WEEKDAY_ODDS[(day - FIRST_MONDAY) % 7]):
            day += 1
        return day * DAY + self.chance.time_of_day()

    def visit(self, lesson: Lesson, opened: int) -> LessonVisit:
        if lesson.quiz:
            return self.take_quiz(lesson, lesson.quiz, opened)
        slow = 4 if lesson.assignment else 1
        seconds = int(lesson.seconds * slow * (0.6 + self.chance.random()))
        if opened + seconds >= self.last:
            return LessonVisit(lesson, opened, self.last - opened - 1, None)
        return LessonVisit(lesson, opened, seconds, opened + seconds)

    def take_quiz(self, lesson: Lesson, quiz: Quiz, opened: int) -> LessonVisit:
        """Return a visit with attempts at the quiz until it is passed."""
        chance, seconds, moment = self.chance, 0, opened
        visit = LessonVisit(lesson, opened, 0, None)
        failures = 0
        while failures < 2 and chance.odds(0.25):
            failures += 1
        for sheets in [quiz.failed] * failures + [quiz.passed]:
            taken = int(quiz.seconds * (0.3 + 0.7 * chance.random()))
            if moment + taken >= self.last:
                visit.seconds = seconds
                if moment < self.last:
                    visit.attempts.append(Attempt(moment, None, chance.pick(sheets)))
                return visit
            seconds += taken
            visit.attempts.append(Attempt(moment, moment + taken, chance.pick(sheets)))
            moment += taken + chance.between(5, 90) * MINUTE
        visit.seconds, visit.done = seconds, visit.attempts[-1].submitted
        return visit

    def moment_of_dropping(self) -> int | None:
        """Return the moment at which the student dropped the course, or None."""
        if (
            self.completed
            or self.last - self.last_seen < IDLE_BEFORE_DROPPING
            or not self.chance.odds(0.5)
        ):
            return None
        return self.last_seen + self.chance.between(DAY, IDLE_BEFORE_DROPPING - DAY)

    def refund_status(self) -> RefundStatus | None:
        """Return the status of the refund, or None if no refund is requested in the first month."""
        if not self.dropped or self.dropped > self.enrolled + 30 * DAY or self.chance.odds(0.4):
            return None
        if self.dropped > self.end - 5 * DAY:
            return RefundStatus.PENDING
        return RefundStatus.FAILED if self.chance.odds(0.05) else RefundStatus.SUCCEEDED
