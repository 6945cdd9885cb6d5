"""Enrollments: how a student paid for a course, went through it, and what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from assessments.enums import AssignmentGradingStatus, GradingStatus
from config.demo import money
from config.demo.chance import (
    DAILY,
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    Chance,
    hundredths,
    hyphenated,
    stamp,
    stamp_if,
)
from config.demo.courses import Assignment, Course, Lesson
from config.demo.notices import notification
from config.demo.people import People
from config.demo.quizzes import ESSAYS, Quiz, Sheet
from config.demo.rows import Row, to_json
from enrollments.enums import EnrollmentStatus, ProgressStatus
from notifications.enums import NotificationType
from payments.enums import PaymentStatus, RefundStatus

PATIENT = 0.55
"""How many go on to the end, if they have the time."""
IDLE = 30 * DAY
"""After that long without a visit somebody may be said to have dropped out."""
SHARES_PAID = (100,) * 88 + (80,) * 11 + (0,)
"""Percent of the price: some have a coupon, a few a voucher."""
REASONS = (
    "Not what I expected.",
    "No time for it at the moment.",
    "Bought by mistake.",
    "Too easy.",
    "Too difficult.",
    "The videos do not play on my phone.",
)
FEEDBACK = (
    "Well thought out. Name your sources next time.",
    "A clear structure; the conclusion could be bolder.",
    "Very good work!",
    "Good ideas. The second part deserves an example.",
    "You made your point in few words. Keep that.",
)


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
    """What a student did in a course: first decided, then told in rows."""

    def __init__(
        self, people: People, course: Course, chance: Chance, student: int, begin: int, last: int
    ) -> None:
        self.people, self.course, self.chance, self.student = people, course, chance, student
        self.end, self.last = people.plan.end, people.last_moment(student)
        self.user = people.ids[student]
        self.enrolled = self.chance.moment(begin, last, early=1.5)
        self.id = self.chance.uuid(self.enrolled)
        self.steps = list(self.walk())
        self.done = sum(step.done is not None for step in self.steps)
        self.last_seen = self.steps[-1].last_seen if self.steps else self.enrolled
        self.completed = self.last_seen if self.done == len(course.lessons) else None
        self.dropped = self.moment_of_dropping()
        self.refund = self.refund_status()
        self.payment: str | None = None
        self.paid = 0

    # What happened

    def walk(self) -> Iterator[Step]:
        """Lesson after lesson, some on the same day, until patience or time is at its end."""
        chance, lessons = self.chance, self.course.lessons
        patience = len(lessons) if chance.odds(PATIENT) else chance.between(0, len(lessons) - 1)
        pace = 1 + int(6 * chance.random() ** 2)
        moment = self.enrolled + chance.between(1, 20) * MINUTE
        for lesson in lessons[:patience]:
            if moment >= self.last:
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
            return Step(lesson, opened, self.last - opened, None)
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

    @property
    def status(self) -> EnrollmentStatus:
        if self.completed:
            return EnrollmentStatus.COMPLETED
        return EnrollmentStatus.DROPPED if self.dropped else EnrollmentStatus.ACTIVE

    # Rows

    def rows(self) -> Iterator[Row]:
        yield from self.payment_rows()
        yield self.enrollment_row()
        yield from self.refund_rows()
        self.did(self.enrolled, "course_enrolled", self.course.reference)
        yield from self.notify(
            self.enrolled,
            NotificationType.ENROLLMENT_CONFIRMED,
            f"Welcome to “{self.course.title}”",
            "Your place is confirmed. The first lesson is waiting for you.",
        )
        for step in self.steps:
            yield from self.step_rows(step)
        if self.completed:
            yield from self.certificate_rows(self.completed)
        self.sum_up()

    def did(self, moment: int, what: str, data: str) -> None:
        self.people.did(self.chance, moment, self.student, what, data)

    def notify(
        self, moment: int, about: NotificationType, title: str, content: str
    ) -> Iterator[Row]:
        course = self.course
        return notification(
            self.chance,
            moment,
            self.end,
            self.user,
            about,
            title,
            content,
            course.path,
            course.reference,
        )

    def sum_up(self) -> None:
        course, figures = self.course.figures, self.people.figures
        seconds = sum(step.seconds for step in self.steps)
        figures.enroll(self.student, self.status, seconds)
        course.statuses[self.status] += 1
        course.engagement["minutes"] += seconds // MINUTE
        course.engagement["lessons_completed"] += self.done
        if self.completed:
            course.seconds_to_completion += self.completed - self.enrolled
            figures.learn(self.student, self.course.category.name, self.course.difficulty)

    # Money

    def payment_rows(self) -> Iterator[Row]:
        subscription = self.people.subscription(self.student)
        if not self.course.price or (subscription and subscription.covers(self.enrolled)):
            return
        chance = self.chance
        moment = self.enrolled - chance.between(10, 200)
        if chance.odds(0.04):
            yield self.payment_row(moment - 300, self.course.price, PaymentStatus.FAILED)
        amount = self.course.price * chance.pick(SHARES_PAID) // 100
        refunded = amount and self.refund is RefundStatus.SUCCEEDED
        row = self.payment_row(
            moment, amount, PaymentStatus.REFUNDED if refunded else PaymentStatus.SUCCEEDED
        )
        yield row
        self.payment, self.paid = row[1]["id"], amount
        self.course.figures.revenue += 0 if refunded else amount
        self.did(moment, "payment_succeeded", self.course.refer(payment_id=self.payment))
        yield from self.notify(
            moment,
            NotificationType.PAYMENT_RECEIVED,
            "Payment received",
            f"Thank you: {hundredths(amount, 100)} {self.course.currency} "
            f"for “{self.course.title}”.",
        )

    def payment_row(self, moment: int, amount: int, status: PaymentStatus) -> Row:
        course = self.course
        return money.payment(
            self.chance,
            moment,
            self.user,
            amount,
            status,
            course=course.id,
            currency=course.currency,
            metadata=course.reference,
        )

    def refund_rows(self) -> Iterator[Row]:
        if not (self.payment and self.paid and self.dropped and self.refund):
            return
        yield money.refund(
            self.chance,
            self.dropped,
            self.payment,
            self.id,
            self.paid,
            self.chance.pick(REASONS),
            self.refund,
        )
        if self.refund is RefundStatus.SUCCEEDED:
            yield from self.notify(
                self.dropped,
                NotificationType.REFUND_PROCESSED,
                "Your money is on its way back",
                f"{hundredths(self.paid, 100)} {self.course.currency} for “{self.course.title}”.",
            )

    # Progress

    def enrollment_row(self) -> Row:
        return "enrollments", {
            "id": self.id,
            "created_at": stamp(self.enrolled),
            "updated_at": stamp(self.dropped or self.last_seen),
            "student_id": self.user,
            "course_id": self.course.id,
            "enrolled_at": stamp(self.enrolled),
            "completed_at": stamp_if(self.completed),
            "progress_percentage": hundredths(100 * self.done, len(self.course.lessons)),
            "last_accessed_at": stamp(self.last_seen) if self.steps else None,
            "payment_id": self.payment,
            "status": self.status.value,
        }

    def step_rows(self, step: Step) -> Iterator[Row]:
        lesson = step.lesson
        scores: list[int] = []
        for number, attempt in enumerate(step.attempts, start=1):
            yield from self.attempt_rows(lesson, number, attempt, scores)
        attempts = len(step.attempts)
        if lesson.assignment and step.done:
            submissions = list(self.submission_rows(lesson.assignment, step.done))
            yield from submissions
            attempts = len(submissions)
        yield self.progress_row(step, max(scores, default=None), attempts)
        if step.done is None:
            self.did(step.opened, "lesson_started", lesson.reference)
        else:
            self.did(step.done, "lesson_completed", lesson.reference)

    def progress_row(self, step: Step, score: int | None, attempts: int) -> Row:
        status = ProgressStatus.IN_PROGRESS if step.done is None else ProgressStatus.COMPLETED
        seen = stamp(step.last_seen)
        return "lesson_progress", {
            "id": self.chance.uuid(step.opened),
            "created_at": stamp(step.opened),
            "updated_at": seen,
            "enrollment_id": self.id,
            "lesson_id": step.lesson.id,
            "status": status.value,
            "time_spent_seconds": step.seconds,
            "completed_at": stamp_if(step.done),
            "quiz_score": None if score is None else (score + 50) // 100,
            "attempts_count": attempts,
            "last_accessed_at": seen,
        }

    def certificate_rows(self, moment: int) -> Iterator[Row]:
        issued = min(moment + 2 * MINUTE, self.last - 1)
        number = f"LP-{stamp(issued)[:4]}-{self.chance.token(12).upper()}"
        name = self.people.student(self.student).name.full
        yield (
            "certificates",
            {
                "id": self.chance.uuid(issued),
                "enrollment_id": self.id,
                "certificate_id": number,
                "pdf_url": f"https://files.example.com/certificates/{number}.pdf",
                "issued_at": stamp(issued),
                "verification_url": f"https://learn.example.com/verify/{number}",
                "metadata": to_json({"name": name, "course": self.course.title}),
                "created_at": stamp(issued),
            },
        )
        self.did(issued, "certificate_issued", self.course.reference)
        yield from self.notify(
            issued,
            NotificationType.CERTIFICATE_ISSUED,
            "Your certificate is ready",
            f"Congratulations! You completed “{self.course.title}”.",
        )

    # Assessments

    def attempt_rows(
        self, lesson: Lesson, number: int, attempt: Attempt, scores: list[int]
    ) -> Iterator[Row]:
        """An attempt; its score, if it has one already, goes into `scores`."""
        quiz, submitted, graded = lesson.quiz, attempt.submitted, None
        if not quiz:
            return
        if submitted and quiz.by_person:
            moment = submitted + self.chance.between(4 * HOUR, 5 * DAY)
            graded = moment if moment < self.end else None
        has_score = submitted is not None and (graded is not None or not quiz.by_person)
        if has_score:
            scores.append(attempt.sheet.score)
            self.people.figures.score(self.student, attempt.sheet.score)
            if attempt.sheet in quiz.failed:
                self.course.figures.failures[lesson.id] += 1
        self.course.figures.engagement["quiz_attempts"] += 1
        yield self.attempt_row(quiz, number, attempt, graded, has_score=has_score)
        if submitted:
            self.did(submitted, "quiz_submitted", lesson.reference)
        if graded:
            yield from self.notify(
                graded,
                NotificationType.GRADE_POSTED,
                f"Grade for “{lesson.title}”",
                f"{hundredths(attempt.sheet.score, 100)} %: {self.chance.pick(FEEDBACK)}",
            )

    def attempt_row(
        self, quiz: Quiz, number: int, attempt: Attempt, graded: int | None, *, has_score: bool
    ) -> Row:
        waits = quiz.by_person and attempt.submitted and not graded
        status = GradingStatus.PENDING_REVIEW if waits else GradingStatus.AUTO_GRADED
        last = attempt.submitted or attempt.started
        return "quiz_submissions", {
            "id": self.chance.uuid(attempt.started),
            "created_at": stamp(attempt.started),
            "updated_at": stamp(graded or last),
            "quiz_id": quiz.id,
            "student_id": self.user,
            "enrollment_id": self.id,
            "attempt_number": number,
            "started_at": stamp(attempt.started),
            "submitted_at": stamp_if(attempt.submitted),
            "time_taken_seconds": attempt.submitted and last - attempt.started,
            "score_percentage": hundredths(attempt.sheet.score, 100) if has_score else None,
            "points_earned": f"{attempt.sheet.points}.00" if has_score else None,
            "answers": attempt.sheet.answers if attempt.submitted else "{}",
            "grading_status": GradingStatus.GRADED.value if graded else status.value,
            "feedback": self.chance.pick(FEEDBACK) if graded else "",
            "graded_at": stamp_if(graded),
            "graded_by": self.course.instructor.id if graded else None,
        }

    def submission_rows(self, assignment: Assignment, moment: int) -> Iterator[Row]:
        """What was handed in; some have to revise it."""
        parent, number = None, 1
        graded = moment + self.chance.between(6 * HOUR, 4 * DAY)
        if graded + 6 * DAY < self.last and self.chance.odds(0.15):
            row = self.submission_row(
                assignment, moment, graded, AssignmentGradingStatus.REVISION_REQUESTED
            )
            yield row
            parent, number = row[1]["id"], 2
            moment = graded + self.chance.between(HOUR, 2 * DAY)
            graded = moment + self.chance.between(6 * HOUR, 4 * DAY)
        status = AssignmentGradingStatus.GRADED
        if graded >= self.end:
            waiting = (AssignmentGradingStatus.SUBMITTED, AssignmentGradingStatus.UNDER_REVIEW)
            status = self.chance.pick(waiting)
        yield self.submission_row(assignment, moment, graded, status, number, parent)
        self.did(moment, "assignment_submitted", assignment.reference)

    def submission_row(
        self,
        assignment: Assignment,
        moment: int,
        graded: int,
        status: AssignmentGradingStatus,
        number: int = 1,
        parent: str | None = None,
    ) -> Row:
        key = self.chance.uuid(moment)
        is_late = moment > assignment.due
        has_grade = status is AssignmentGradingStatus.GRADED
        was_read = has_grade or status is AssignmentGradingStatus.REVISION_REQUESTED
        points = self.chance.between(60, 100) * (100 - assignment.penalty * is_late)
        has_file = assignment.wants_file
        return "assignment_submissions", {
            "id": key,
            "created_at": stamp(moment),
            "updated_at": stamp(graded if was_read else moment),
            "assignment_id": assignment.id,
            "student_id": self.user,
            "enrollment_id": self.id,
            "file_url": f"https://files.example.com/submissions/{hyphenated(key)}.pdf"
            if has_file
            else "",
            "file_name": "project.pdf" if has_file else "",
            "file_size_bytes": self.chance.between(40_000, 9_000_000) if has_file else None,
            "submission_text": "" if has_file else self.chance.pick(ESSAYS),
            "submitted_at": stamp(moment),
            "is_late": is_late,
            "points_awarded": hundredths(points, 100) if has_grade else None,
            "feedback": self.chance.pick(FEEDBACK) if was_read else "",
            "grading_status": status.value,
            "graded_at": stamp(graded) if was_read else None,
            "graded_by": self.course.instructor.id if was_read else None,
            "revision_number": number,
            "parent_submission_id": parent,
        }
