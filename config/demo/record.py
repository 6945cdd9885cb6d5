"""Rows of an enrollment: what a student did, as the tables tell it."""

from assessments.enums import AssignmentGradingStatus, GradingStatus
from assessments.querysets import AWAITING_REVIEW
from config.demo import money
from config.demo.chance import DAY, HOUR, MINUTE, hundredths, hyphenated, stamp, stamp_if
from config.demo.courses import Assignment, Lesson
from config.demo.notices import is_kept, notification
from config.demo.people import People
from config.demo.quizzes import ESSAYS, Quiz
from config.demo.rows import Row, to_json
from config.demo.study import Attempt, Step, Study
from enrollments.enums import ProgressStatus
from notifications.enums import NotificationType
from payments.enums import PaymentStatus, RefundStatus

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


class Record:
    """Of a study."""

    def __init__(self, people: People, study: Study) -> None:
        self.people, self.study, self.course = people, study, study.course
        self.student, self.user, self.chance = (
            study.student,
            people.ids[study.student],
            study.chance,
        )
        self.end = people.plan.end
        self.payment: str | None = None
        self.paid = 0
        self.rows: list[Row] = []
        self.add = self.rows.append

    def all(self) -> list[Row]:
        if not self.is_covered():
            self.pay()
        self.add(self.enrollment())
        if self.paid and self.study.refund and self.study.dropped:
            self.give_back(self.study.dropped, self.study.refund)
        self.did(self.study.enrolled, "course_enrolled", self.course.reference)
        self.notify(
            self.study.enrolled,
            NotificationType.ENROLLMENT_CONFIRMED,
            f"Welcome to “{self.course.title}”",
            "Your place is confirmed. The first lesson is waiting for you.",
        )
        for step in self.study.steps:
            self.learn(step)
        if self.study.completed:
            self.certify(self.study.completed)
        self.sum_up()
        return self.rows

    def did(self, moment: int, what: str, data: str) -> None:
        self.people.did(self.chance, moment, self.student, what, data)

    def notify(self, moment: int, about: NotificationType, title: str, content: str) -> None:
        if is_kept(moment, self.end):
            path, metadata = self.course.path, self.course.reference
            self.add(
                notification(
                    self.chance, moment, self.end, self.user, about, title, content, path, metadata
                )
            )

    def sum_up(self) -> None:
        course, figures = self.course.figures, self.people.figures
        seconds = sum(step.seconds for step in self.study.steps)
        figures.enroll(self.student, self.study.status, seconds)
        course.statuses[self.study.status] += 1
        course.engagement["minutes"] += seconds // MINUTE
        course.engagement["lessons_completed"] += self.study.done
        if self.study.completed:
            course.seconds_to_completion += self.study.completed - self.study.enrolled
            figures.learn(self.student, self.course.category.name, self.course.difficulty)

    # Money

    def is_covered(self) -> bool:
        """Whether there is nothing to pay."""
        subscription = self.people.subscription(self.student)
        by_subscription = subscription and subscription.covers(self.study.enrolled)
        return not self.course.price or bool(by_subscription)

    def pay(self) -> None:
        """Sometimes at the second try."""
        chance = self.chance
        moment = self.study.enrolled - chance.between(10, 200)
        if chance.odds(0.04):
            self.add_payment(moment - 300, self.course.price, PaymentStatus.FAILED)
        amount = self.course.price * chance.pick(SHARES_PAID) // 100
        refunded = amount and self.study.refund is RefundStatus.SUCCEEDED
        status = PaymentStatus.REFUNDED if refunded else PaymentStatus.SUCCEEDED
        self.payment, self.paid = self.add_payment(moment, amount, status), amount
        self.course.figures.revenue += 0 if refunded else amount
        self.did(moment, "payment_succeeded", self.course.refer(payment_id=self.payment))
        self.notify(
            moment,
            NotificationType.PAYMENT_RECEIVED,
            "Payment received",
            f"Thank you: {hundredths(amount, 100)} {self.course.currency} "
            f"for “{self.course.title}”.",
        )

    def add_payment(self, moment: int, amount: int, status: PaymentStatus) -> str:
        course = self.course
        row = money.payment(
            self.chance,
            moment,
            self.user,
            amount,
            status,
            course=course.id,
            currency=course.currency,
            metadata=course.reference,
        )
        self.add(row)
        return str(row[1]["id"])

    def give_back(self, moment: int, status: RefundStatus) -> None:
        reason = self.chance.pick(REASONS)
        self.add(
            money.refund(
                self.chance, moment, self.payment, self.study.id, self.paid, reason, status
            )
        )
        if status is RefundStatus.SUCCEEDED:
            self.notify(
                moment,
                NotificationType.REFUND_PROCESSED,
                "Your money is on its way back",
                f"{hundredths(self.paid, 100)} {self.course.currency} for “{self.course.title}”.",
            )

    # Progress

    def enrollment(self) -> Row:
        return "enrollments", {
            "id": self.study.id,
            "created_at": stamp(self.study.enrolled),
            "updated_at": stamp(self.study.dropped or self.study.last_seen),
            "student_id": self.user,
            "course_id": self.course.id,
            "enrolled_at": stamp(self.study.enrolled),
            "completed_at": stamp_if(self.study.completed),
            "progress_percentage": hundredths(100 * self.study.done, len(self.course.lessons)),
            "last_accessed_at": stamp(self.study.last_seen) if self.study.steps else None,
            "payment_id": self.payment,
            "status": self.study.status.value,
        }

    def learn(self, step: Step) -> None:
        lesson = step.lesson
        scores: list[int] = []
        for number, attempt in enumerate(step.attempts, start=1):
            self.take(lesson, number, attempt, scores)
        attempts = len(step.attempts)
        if lesson.assignment and step.done:
            attempts = self.hand_in(lesson.assignment, step.done)
        self.add(self.progress(step, max(scores, default=None), attempts))
        if step.done is None:
            self.did(step.opened, "lesson_started", lesson.reference)
        else:
            self.did(step.done, "lesson_completed", lesson.reference)

    def progress(self, step: Step, score: int | None, attempts: int) -> Row:
        status = ProgressStatus.IN_PROGRESS if step.done is None else ProgressStatus.COMPLETED
        seen = stamp(step.last_seen)
        return "lesson_progress", {
            "id": self.chance.uuid(step.opened),
            "created_at": stamp(step.opened),
            "updated_at": seen,
            "enrollment_id": self.study.id,
            "lesson_id": step.lesson.id,
            "status": status.value,
            "time_spent_seconds": step.seconds,
            "completed_at": stamp_if(step.done),
            "quiz_score": None if score is None else (score + 50) // 100,
            "attempts_count": attempts,
            "last_accessed_at": seen,
        }

    def certify(self, moment: int) -> None:
        issued = min(moment + 2 * MINUTE, self.study.last - 1)
        number = f"LP-{stamp(issued)[:4]}-{self.chance.token(12).upper()}"
        name = self.people.student(self.student).name.full
        row = {
            "id": self.chance.uuid(issued),
            "enrollment_id": self.study.id,
            "certificate_id": number,
            "pdf_url": f"https://files.example.com/certificates/{number}.pdf",
            "issued_at": stamp(issued),
            "verification_url": f"https://learn.example.com/verify/{number}",
            "metadata": to_json({"name": name, "course": self.course.title}),
            "created_at": stamp(issued),
        }
        self.add(("certificates", row))
        self.did(issued, "certificate_issued", self.course.reference)
        self.notify(
            issued,
            NotificationType.CERTIFICATE_ISSUED,
            "Your certificate is ready",
            f"Congratulations! You completed “{self.course.title}”.",
        )

    # Assessments

    def take(self, lesson: Lesson, number: int, attempt: Attempt, scores: list[int]) -> None:
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
            if not attempt.sheet.passes:
                self.course.figures.failures[lesson.id] += 1
        self.course.figures.engagement["quiz_attempts"] += 1
        self.add(self.attempt(quiz, number, attempt, graded, has_score=has_score))
        if submitted:
            self.did(submitted, "quiz_submitted", lesson.reference)
        if graded:
            self.notify(
                graded,
                NotificationType.GRADE_POSTED,
                f"Grade for “{lesson.title}”",
                f"{attempt.sheet.percent} %: {self.chance.pick(FEEDBACK)}",
            )

    def attempt(
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
            "enrollment_id": self.study.id,
            "attempt_number": number,
            "started_at": stamp(attempt.started),
            "submitted_at": stamp_if(attempt.submitted),
            "time_taken_seconds": attempt.submitted and last - attempt.started,
            "score_percentage": attempt.sheet.percent if has_score else None,
            "points_earned": attempt.sheet.points if has_score else None,
            "answers": attempt.sheet.answers if attempt.submitted else "{}",
            "grading_status": GradingStatus.GRADED.value if graded else status.value,
            "feedback": self.chance.pick(FEEDBACK) if graded else "",
            "graded_at": stamp_if(graded),
            "graded_by": self.course.instructor.id if graded else None,
        }

    def hand_in(self, assignment: Assignment, moment: int) -> int:
        """Some have to revise it. How often it was handed in."""
        parent, number = None, 1
        graded = moment + self.chance.between(6 * HOUR, 4 * DAY)
        if graded + 6 * DAY < self.study.last and self.chance.odds(0.15):
            again = AssignmentGradingStatus.REVISION_REQUESTED
            parent, number = self.add_submission(assignment, moment, graded, again), 2
            moment = graded + self.chance.between(HOUR, 2 * DAY)
            graded = moment + self.chance.between(6 * HOUR, 4 * DAY)
        status = AssignmentGradingStatus.GRADED
        if graded >= self.end:
            status = self.chance.pick(AWAITING_REVIEW)
        self.add_submission(assignment, moment, graded, status, number, parent)
        return number

    def add_submission(
        self,
        assignment: Assignment,
        moment: int,
        graded: int,
        status: AssignmentGradingStatus,
        number: int = 1,
        parent: str | None = None,
    ) -> str:
        key = self.chance.uuid(moment)
        is_late = moment > assignment.due
        has_grade = status is AssignmentGradingStatus.GRADED
        was_read = has_grade or status is AssignmentGradingStatus.REVISION_REQUESTED
        points = self.chance.between(60, 100) * (100 - assignment.penalty * is_late)
        has_file = assignment.wants_file
        row = {
            "id": key,
            "created_at": stamp(moment),
            "updated_at": stamp(graded if was_read else moment),
            "assignment_id": assignment.id,
            "student_id": self.user,
            "enrollment_id": self.study.id,
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
        self.add(("assignment_submissions", row))
        self.did(moment, "assignment_submitted", assignment.reference)
        return key
