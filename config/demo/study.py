"""What a student does in a course: when, how far, and how it ends."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from config.demo.chance import DAILY, DAY, MINUTE, MONDAY, Chance
from config.demo.courses import Course, Lesson
from config.demo.people import People
from config.demo.quizzes import Quiz, Sheet
from enrollments.enums import EnrollmentStatus
from payments.enums import RefundStatus

PATIENT = 0.55
"""How many go on to the end, if they have the time."""
IDLE = 30 * DAY
"""After that long without a visit somebody may be said to have dropped out."""


@dataclass(slots=True)
class Attempt:
    """At a quiz; without an end it is still open."""

    started: int
    submitted: int | None
    sheet: Sheet


@dataclass(slots=True)
class Step:
    """A lesson that was opened."""

    lesson: Lesson
    opened: int
    seconds: int
    done: int | None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def last_seen(self) -> int:
        return self.opened + self.seconds if self.done is None else self.done


class Study:
    """An enrollment, from beginning to end."""

    def __init__(
        self, people: People, course: Course, chance: Chance, student: int, begin: int, last: int
    ) -> None:
        self.people, self.course, self.chance, self.student = people, course, chance, student
        self.end, self.last = people.plan.end, people.last_moment(student)
        self.enrolled = self.chance.moment(begin, last, early=1.5)
        self.id = self.chance.uuid(self.enrolled)
        self.steps = list(self.walk())
        self.done = sum(step.done is not None for step in self.steps)
        self.last_seen = self.steps[-1].last_seen if self.steps else self.enrolled
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

    def walk(self) -> Iterator[Step]:
        """Lesson after lesson, some on the same day, until patience or time is at its end."""
        chance, lessons = self.chance, self.course.lessons
        patience = len(lessons) if chance.odds(PATIENT) else chance.between(0, len(lessons) - 1)
        pace = 1 + int(6 * chance.random() ** 2)
        moment = self.enrolled + chance.between(1, 20) * MINUTE
        for number, lesson in enumerate(lessons):
            if moment >= self.last - MINUTE or number > patience:
                return
            if number == patience:
                yield Step(lesson, moment, chance.between(5, MINUTE), None)
                return
            step = self.step(lesson, moment)
            yield step
            if step.done is None:
                return
            moment = step.done + chance.between(1, 9) * MINUTE
            if chance.odds(0.5):
                moment = self.next_visit(moment, pace)

    def next_visit(self, moment: int, pace: int) -> int:
        day = moment // DAY + self.chance.between(1, pace)
        if not self.chance.odds(DAILY[(day - MONDAY) % 7]):
            day += 1
        return day * DAY + self.chance.time_of_day()

    def step(self, lesson: Lesson, opened: int) -> Step:
        if lesson.quiz:
            return self.take_quiz(lesson, lesson.quiz, opened)
        slow = 4 if lesson.assignment else 1
        seconds = int(lesson.seconds * slow * (0.6 + self.chance.random()))
        if opened + seconds >= self.last:
            return Step(lesson, opened, self.last - opened - 1, None)
        return Step(lesson, opened, seconds, opened + seconds)

    def take_quiz(self, lesson: Lesson, quiz: Quiz, opened: int) -> Step:
        """Again until it is passed."""
        chance, seconds, moment = self.chance, 0, opened
        step = Step(lesson, opened, 0, None)
        failures = 0
        while failures < 2 and chance.odds(0.25):
            failures += 1
        for sheets in [quiz.failed] * failures + [quiz.passed]:
            taken = int(quiz.seconds * (0.3 + 0.7 * chance.random()))
            if moment + taken >= self.last:
                step.seconds = seconds
                if moment < self.last:
                    step.attempts.append(Attempt(moment, None, chance.pick(sheets)))
                return step
            seconds += taken
            step.attempts.append(Attempt(moment, moment + taken, chance.pick(sheets)))
            moment += taken + chance.between(5, 90) * MINUTE
        step.seconds, step.done = seconds, step.attempts[-1].submitted
        return step

    def moment_of_dropping(self) -> int | None:
        """Some of those who stopped said so, and so gave up their place."""
        if self.completed or self.last - self.last_seen < IDLE or not self.chance.odds(0.5):
            return None
        return self.last_seen + self.chance.between(DAY, IDLE - DAY)

    def refund_status(self) -> RefundStatus | None:
        """Of the money that is asked back in the first month; None: it is not."""
        if not self.dropped or self.dropped > self.enrolled + 30 * DAY or self.chance.odds(0.4):
            return None
        if self.dropped > self.end - 5 * DAY:
            return RefundStatus.PENDING
        return RefundStatus.FAILED if self.chance.odds(0.05) else RefundStatus.SUCCEEDED
