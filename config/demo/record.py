"""The record of a study: the rows about a student in a course."""

from dataclasses import dataclass, replace
from typing import Any

from assessments.enums import AssignmentGradingStatus, GradingStatus
from assessments.querysets import AWAITING_REVIEW
from config.demo.courses import Assignment, Lesson
from config.demo.notifications import is_unexpired, notification
from config.demo.payments import payment
from config.demo.people import People
from config.demo.quizzes import ESSAYS, Quiz
from config.demo.randomness import DAY, HOUR, MINUTE, hundredths, hyphenated, stamp, stamp_if
from config.demo.rows import Row, timestamped_row, to_json
from config.demo.study import Attempt, LessonVisit, Study
from enrollments.enums import ProgressStatus
from notifications.enums import NotificationType
from payments.enums import PaymentStatus, RefundStatus

PERCENTS_PAID = (100,) * 88 + (80,) * 11 + (0,)
"""Percentages of the price that students pay. Some have a coupon, and a few have a voucher."""
REFUND_REASONS = (
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


@dataclass(frozen=True)
class Revision:
    """A submission for an assignment, and the moment of its grading."""

    moment: int
    graded: int
    number: int = 1
    parent: str | None = None
    status: AssignmentGradingStatus = AssignmentGradingStatus.GRADED


class StudyRecord:
    """The rows of a study."""

    def __init__(self, people: People, study: Study) -> None:
        self.people, self.study, self.course = people, study, study.course
        self.student, self.user = study.student, people.ids[study.student]
        self.chance, self.end = study.chance, people.plan.end
        self.payment: str | None = None
        self.paid = 0
        self.rows: list[Row] = []
        self.add = self.rows.append

    def all_rows(self) -> list[Row]:
        if not self.is_covered():
            self.pay()
        self.add(self.enrollment())
        if self.paid and self.study.refund and self.study.dropped:
            self.add_refund(self.study.dropped, self.study.refund)
        self.did(self.study.enrolled, "course_enrolled", self.course.reference)
        self.notify(
            self.study.enrolled,
            NotificationType.ENROLLMENT_CONFIRMED,
            f"Welcome to “{self.course.title}”",
            "Your place is confirmed. The first lesson is waiting for you.",
        )
        for visit in self.study.visits:
            self.learn(visit)
        if self.study.completed:
            self.certify(self.study.completed)
        self.summarize()
        return self.rows

    def did(self, moment: int, what: str, data: str) -> None:
        self.people.did(self.chance, moment, self.student, what, data)

    def notify(self, moment: int, about: NotificationType, title: str, content: str) -> None:
        if is_unexpired(moment, self.end):
            path, metadata = self.course.path, self.course.reference
            self.add(
                notification(
                    self.chance, moment, self.end, self.user, about, title, content, path, metadata
                )
            )

    def summarize(self) -> None:
        course, students = self.course.summary, self.people.summaries
        seconds = sum(visit.seconds for visit in self.study.visits)
        students.enroll(self.student, self.study.status, seconds)
        course.statuses[self.study.status] += 1
        course.engagement["minutes"] += seconds // MINUTE
        course.engagement["lessons_completed"] += self.study.done
        if self.study.completed:
            course.seconds_to_completion += self.study.completed - self.study.enrolled
            students.learn(self.student, self.course.category.name, self.course.difficulty)

    # Money

    def is_covered(self) -> bool:
        """Return whether the course is free or covered by a subscription."""
        subscription = self.people.subscription(self.student)
        is_paid = subscription is not None and subscription.covers(self.study.enrolled)
        return is_paid or not self.course.price

    def pay(self) -> None:
        """Add the payment, sometimes after a failed payment."""
        chance = self.chance
        moment = self.study.enrolled - chance.between(10, 200)
        if chance.odds(0.04):
            self.add_payment(moment - 300, self.course.price, PaymentStatus.FAILED)
        amount = self.course.price * chance.pick(PERCENTS_PAID) // 100
        refunded = amount and self.study.refund is RefundStatus.SUCCEEDED
        status = PaymentStatus.REFUNDED if refunded else PaymentStatus.SUCCEEDED
        self.payment, self.paid = self.add_payment(moment, amount, status), amount
        self.course.summary.revenue += 0 if refunded else amount
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
        row = payment(
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
        return str(row.values["id"])

    def add_refund(self, moment: int, status: RefundStatus) -> None:
        chance, reason = self.chance, self.chance.pick(REFUND_REASONS)
        self.add(
            timestamped_row(
                "refunds",
                chance.uuid(moment),
                moment,
                payment_id=self.payment,
                enrollment_id=self.study.id,
                stripe_refund_id=None if status is RefundStatus.PENDING else f"re_{chance.token()}",
                amount=hundredths(self.paid, 100),
                reason=reason,
                status=status.value,
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
        return timestamped_row(
            "enrollments",
            self.study.id,
            self.study.enrolled,
            updated_at=stamp(self.study.dropped or self.study.last_seen),
            student_id=self.user,
            course_id=self.course.id,
            enrolled_at=stamp(self.study.enrolled),
            completed_at=stamp_if(self.study.completed),
            progress_percentage=hundredths(100 * self.study.done, len(self.course.lessons)),
            last_accessed_at=stamp(self.study.last_seen) if self.study.visits else None,
            payment_id=self.payment,
            status=self.study.status.value,
        )

    def learn(self, visit: LessonVisit) -> None:
        lesson = visit.lesson
        scores: list[int] = []
        for number, attempt in enumerate(visit.attempts, start=1):
            self.take(lesson, number, attempt, scores)
        attempts = len(visit.attempts)
        if lesson.assignment and visit.done:
            attempts = self.hand_in(lesson.assignment, visit.done)
        self.add(self.progress(visit, max(scores, default=None), attempts))
        if visit.done is None:
            self.did(visit.opened, "lesson_started", lesson.reference)
        else:
            self.did(visit.done, "lesson_completed", lesson.reference)

    def progress(self, visit: LessonVisit, score: int | None, attempts: int) -> Row:
        status = ProgressStatus.IN_PROGRESS if visit.done is None else ProgressStatus.COMPLETED
        seen = stamp(visit.last_seen)
        return timestamped_row(
            "lesson_progress",
            self.chance.uuid(visit.opened),
            visit.opened,
            updated_at=seen,
            enrollment_id=self.study.id,
            lesson_id=visit.lesson.id,
            status=status.value,
            time_spent_seconds=visit.seconds,
            completed_at=stamp_if(visit.done),
            quiz_score=None if score is None else (score + 50) // 100,
            attempts_count=attempts,
            last_accessed_at=seen,
        )

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
        self.add(Row("certificates", row))
        self.did(issued, "certificate_issued", self.course.reference)
        self.notify(
            issued,
            NotificationType.CERTIFICATE_ISSUED,
            "Your certificate is ready",
            f"Congratulations! You completed “{self.course.title}”.",
        )

    # Assessments

    def take(self, lesson: Lesson, number: int, attempt: Attempt, scores: list[int]) -> None:
        """Add an attempt, and append its score to `scores`, if there is a score."""
        quiz, submitted, graded = lesson.quiz, attempt.submitted, None
        if not quiz:
            return
        if submitted and quiz.by_person:
            moment = submitted + self.chance.between(4 * HOUR, 5 * DAY)
            graded = moment if moment < self.end else None
        has_score = submitted is not None and (graded is not None or not quiz.by_person)
        if has_score:
            scores.append(attempt.sheet.score)
            self.people.summaries.score(self.student, attempt.sheet.score)
            if not attempt.sheet.passes:
                self.course.summary.failures[lesson.id] += 1
        self.course.summary.engagement["quiz_attempts"] += 1
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
        return timestamped_row(
            "quiz_submissions",
            self.chance.uuid(attempt.started),
            attempt.started,
            updated_at=stamp(graded or last),
            quiz_id=quiz.id,
            student_id=self.user,
            enrollment_id=self.study.id,
            attempt_number=number,
            started_at=stamp(attempt.started),
            submitted_at=stamp_if(attempt.submitted),
            time_taken_seconds=attempt.submitted and last - attempt.started,
            score_percentage=attempt.sheet.percent if has_score else None,
            points_earned=attempt.sheet.points if has_score else None,
            answers=attempt.sheet.answers if attempt.submitted else "{}",
            grading_status=GradingStatus.GRADED.value if graded else status.value,
            feedback=self.chance.pick(FEEDBACK) if graded else "",
            graded_at=stamp_if(graded),
            graded_by=self.course.instructor.id if graded else None,
        )

    def hand_in(self, assignment: Assignment, moment: int) -> int:
        """Add a submission and sometimes its revision, and return their number."""
        first = Revision(moment, moment + self.chance.between(6 * HOUR, 4 * DAY))
        if first.graded + 6 * DAY >= self.study.last or not self.chance.odds(0.15):
            self.add_submission(assignment, self.reviewed(first))
            return first.number
        again = replace(first, status=AssignmentGradingStatus.REVISION_REQUESTED)
        parent = self.add_submission(assignment, again)
        moment = first.graded + self.chance.between(HOUR, 2 * DAY)
        second = Revision(moment, moment + self.chance.between(6 * HOUR, 4 * DAY), 2, parent)
        self.add_submission(assignment, self.reviewed(second))
        return second.number

    def reviewed(self, revision: Revision) -> Revision:
        """Return the revision, which awaits review if its grading is after the end."""
        if revision.graded < self.end:
            return revision
        return replace(revision, status=self.chance.pick(AWAITING_REVIEW))

    def add_submission(self, assignment: Assignment, revision: Revision) -> str:
        """Add a submission, and return its id."""
        key, moment, status = self.chance.uuid(revision.moment), revision.moment, revision.status
        is_late = moment > assignment.due
        has_grade = status is AssignmentGradingStatus.GRADED
        was_read = has_grade or status is AssignmentGradingStatus.REVISION_REQUESTED
        points = self.chance.between(60, 100) * (100 - assignment.penalty * is_late)
        self.add(
            timestamped_row(
                "assignment_submissions",
                key,
                moment,
                updated_at=stamp(revision.graded if was_read else moment),
                assignment_id=assignment.id,
                student_id=self.user,
                enrollment_id=self.study.id,
                **self.submitted_content(assignment, key),
                submitted_at=stamp(moment),
                is_late=is_late,
                points_awarded=hundredths(points, 100) if has_grade else None,
                feedback=self.chance.pick(FEEDBACK) if was_read else "",
                grading_status=status.value,
                graded_at=stamp(revision.graded) if was_read else None,
                graded_by=self.course.instructor.id if was_read else None,
                revision_number=revision.number,
                parent_submission_id=revision.parent,
            )
        )
        self.did(moment, "assignment_submitted", assignment.reference)
        return key

    def submitted_content(self, assignment: Assignment, key: str) -> dict[str, Any]:
        """Return the columns of a submission's file or text."""
        if assignment.wants_file:
            return {
                "file_url": f"https://files.example.com/submissions/{hyphenated(key)}.pdf",
                "file_name": "project.pdf",
                "file_size_bytes": self.chance.between(40_000, 9_000_000),
                "submission_text": "",
            }
        text = self.chance.pick(ESSAYS)
        return {"file_url": "", "file_name": "", "file_size_bytes": None, "submission_text": text}
