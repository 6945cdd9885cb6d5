"""A factory for each model, with defaults that satisfy every constraint, and traits for states.

`CourseFactory.create(published=True)` saves a published course. Columns with a database default are
left to the database. Related rows are derived in one direction:

- the enrollment of a submission or of progress from its quiz, assignment or lesson
- the student from the enrollment
- the conversation or thread of a reply from its parent

So write `QuizSubmissionFactory.create(quiz=quiz, enrollment__student=student)`, not
`student=student`.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from factory.declarations import (
    LazyAttribute,
    LazyFunction,
    SelfAttribute,
    Sequence,
    SubFactory,
    Trait,
)
from factory.django import DjangoModelFactory, Password

from analytics.models import AnalyticsEvent, CourseAnalytics, StudentAnalytics
from assessments.enums import (
    AssignmentGradingStatus,
    GradingStatus,
    QuestionType,
    QuizType,
)
from assessments.models import Assignment, AssignmentSubmission, Question, Quiz, QuizSubmission
from communication.models import Announcement, DiscussionPost, DiscussionThread, Message
from courses.enums import CourseStatus, Difficulty, LessonType
from courses.models import Course, CourseModule, Lesson
from enrollments.enums import EnrollmentStatus, ProgressStatus
from enrollments.models import Certificate, Enrollment, LessonProgress
from notifications.enums import NotificationType, Priority
from notifications.models import Notification
from payments.enums import PaymentStatus, RefundStatus, SubscriptionStatus
from payments.models import Payment, Refund, Subscription
from users.enums import Role
from users.models import User, UserProfile


def days_ago(days: int) -> LazyFunction:
    """Return the time `days` days ago, so that it is before the defaults of the database."""
    return LazyFunction(lambda: timezone.now() - timedelta(days=days))


def days_ahead(days: int) -> LazyFunction:
    """Return the time in `days` days."""
    return LazyFunction(lambda: timezone.now() + timedelta(days=days))


# Users


class UserFactory(DjangoModelFactory[User]):
    """A student, who can log in only if a `password` is given (in plain text)."""

    class Meta:
        model = User

    class Params:
        educator = Trait(role=Role.EDUCATOR)
        admin = Trait(role=Role.ADMIN)
        verified = Trait(email_verified=True)
        verifying = Trait(verification_token=Sequence(lambda n: f"verification-{n}"))
        resetting_password = Trait(
            password_reset_token=Sequence(lambda n: f"reset-{n}"),
            password_reset_expires=days_ahead(1),
        )
        deleted = Trait(created_at=days_ago(30), deleted_at=days_ago(1))

    email = Sequence(lambda n: f"user{n}@example.com")
    password = Password(None)
    role = Role.STUDENT


class UserProfileFactory(DjangoModelFactory[UserProfile]):
    class Meta:
        model = UserProfile

    user = SubFactory(UserFactory)
    full_name = Sequence(lambda n: f"User {n}")


# Courses


class CourseFactory(DjangoModelFactory[Course]):
    """A draft of a course."""

    class Meta:
        model = Course

    class Params:
        pending_review = Trait(status=CourseStatus.PENDING_REVIEW)
        published = Trait(status=CourseStatus.PUBLISHED, published_at=days_ago(1))
        archived = Trait(status=CourseStatus.ARCHIVED, published_at=days_ago(30))
        reviewed = Trait(average_rating=Decimal("4.50"), total_reviews=2)
        paid = Trait(price=Decimal("49.00"))

    instructor = SubFactory(UserFactory, educator=True)
    title = Sequence(lambda n: f"Course {n}")
    slug = Sequence(lambda n: f"course-{n}")
    category = "programming"
    difficulty = Difficulty.BEGINNER


class CourseModuleFactory(DjangoModelFactory[CourseModule]):
    class Meta:
        model = CourseModule

    class Params:
        locked = Trait(
            prerequisite_module=SubFactory(
                "tests.factories.CourseModuleFactory", course=SelfAttribute("..course")
            )
        )

    course = SubFactory(CourseFactory)
    title = Sequence(lambda n: f"Module {n}")
    order_number = Sequence(lambda n: n + 1)


class LessonFactory(DjangoModelFactory[Lesson]):
    """A video lesson."""

    class Meta:
        model = Lesson

    class Params:
        text = Trait(lesson_type=LessonType.TEXT, content_url="", content_text="Read this.")
        quiz = Trait(lesson_type=LessonType.QUIZ, content_url="")
        assignment = Trait(lesson_type=LessonType.ASSIGNMENT, content_url="")
        preview = Trait(is_preview=True)

    module = SubFactory(CourseModuleFactory)
    title = Sequence(lambda n: f"Lesson {n}")
    lesson_type = LessonType.VIDEO
    content_url = Sequence(lambda n: f"https://videos.example.com/{n}")
    order_number = Sequence(lambda n: n + 1)


# Payments


class PaymentFactory(DjangoModelFactory[Payment]):
    """A pending payment for a course, not yet requested from Stripe."""

    class Meta:
        model = Payment

    class Params:
        at_checkout = Trait(stripe_checkout_session_id=Sequence(lambda n: f"cs_{n}"))
        succeeded = Trait(
            status=PaymentStatus.SUCCEEDED,
            stripe_payment_intent_id=Sequence(lambda n: f"pi_succeeded_{n}"),
            payment_method="card",
        )
        failed = Trait(
            status=PaymentStatus.FAILED,
            stripe_payment_intent_id=Sequence(lambda n: f"pi_failed_{n}"),
            payment_method="card",
        )
        refunded = Trait(
            status=PaymentStatus.REFUNDED,
            stripe_payment_intent_id=Sequence(lambda n: f"pi_refunded_{n}"),
            payment_method="card",
        )
        without_course = Trait(course=None)

    user = SubFactory(UserFactory)
    course = SubFactory(CourseFactory, published=True)
    amount = Decimal("49.00")


class SubscriptionFactory(DjangoModelFactory[Subscription]):
    """An active subscription."""

    class Meta:
        model = Subscription

    class Params:
        canceled = Trait(status=SubscriptionStatus.CANCELED)
        past_due = Trait(status=SubscriptionStatus.PAST_DUE)
        unpaid = Trait(status=SubscriptionStatus.UNPAID)
        ending = Trait(cancel_at_period_end=True)

    user = SubFactory(UserFactory)
    stripe_subscription_id = Sequence(lambda n: f"sub_{n}")
    stripe_customer_id = Sequence(lambda n: f"cus_{n}")
    plan_id = "monthly"
    current_period_start = days_ago(10)
    current_period_end = days_ahead(20)


class RefundFactory(DjangoModelFactory[Refund]):
    """A pending refund of a payment."""

    class Meta:
        model = Refund

    class Params:
        succeeded = Trait(
            status=RefundStatus.SUCCEEDED,
            stripe_refund_id=Sequence(lambda n: f"re_succeeded_{n}"),
        )
        failed = Trait(
            status=RefundStatus.FAILED, stripe_refund_id=Sequence(lambda n: f"re_failed_{n}")
        )
        of_enrollment = Trait(
            enrollment=SubFactory(
                "tests.factories.EnrollmentFactory",
                dropped=True,
                student=SelfAttribute("..payment.user"),
                course=SelfAttribute("..payment.course"),
                payment=SelfAttribute("..payment"),
            )
        )

    payment = SubFactory(PaymentFactory, succeeded=True)
    amount = Decimal("10.00")


# Enrollments


class EnrollmentFactory(DjangoModelFactory[Enrollment]):
    """An active enrollment in a published course."""

    class Meta:
        model = Enrollment

    class Params:
        completed = Trait(
            status=EnrollmentStatus.COMPLETED,
            enrolled_at=days_ago(30),
            completed_at=days_ago(1),
            progress_percentage=100,
        )
        dropped = Trait(status=EnrollmentStatus.DROPPED)
        accessed = Trait(enrolled_at=days_ago(30), last_accessed_at=days_ago(1))
        paid = Trait(
            payment=SubFactory(
                PaymentFactory,
                succeeded=True,
                user=SelfAttribute("..student"),
                course=SelfAttribute("..course"),
            )
        )

    student = SubFactory(UserFactory)
    course = SubFactory(CourseFactory, published=True)


class LessonProgressFactory(DjangoModelFactory[LessonProgress]):
    """The progress in a lesson that was not started, with an enrollment in its course."""

    class Meta:
        model = LessonProgress

    class Params:
        in_progress = Trait(
            status=ProgressStatus.IN_PROGRESS,
            time_spent_seconds=60,
            last_accessed_at=days_ago(1),
        )
        completed = Trait(
            status=ProgressStatus.COMPLETED,
            time_spent_seconds=600,
            last_accessed_at=days_ago(1),
            completed_at=days_ago(1),
        )

    lesson = SubFactory(LessonFactory)
    enrollment = SubFactory(EnrollmentFactory, course=SelfAttribute("..lesson.module.course"))


class CertificateFactory(DjangoModelFactory[Certificate]):
    class Meta:
        model = Certificate

    enrollment = SubFactory(EnrollmentFactory, completed=True)
    certificate_id = Sequence(lambda n: f"CERT-{n:06}")


# Assessments


class QuizFactory(DjangoModelFactory[Quiz]):
    """A quiz that is always open, without limits."""

    class Meta:
        model = Quiz

    class Params:
        timed = Trait(time_limit_minutes=30, max_attempts=3)
        open_now = Trait(available_from=days_ago(1), available_until=days_ahead(1))

    lesson = SubFactory(LessonFactory, quiz=True)
    title = Sequence(lambda n: f"Quiz {n}")
    quiz_type = QuizType.FORMATIVE
    passing_score_percentage = 60


class QuestionFactory(DjangoModelFactory[Question]):
    """A multiple choice question, with a trait for each other type."""

    class Meta:
        model = Question

    class Params:
        true_false = Trait(question_type=QuestionType.TRUE_FALSE, options=None, correct_answer=True)
        short_answer = Trait(
            question_type=QuestionType.SHORT_ANSWER, options=None, correct_answer="Prague"
        )
        essay = Trait(question_type=QuestionType.ESSAY, options=None, correct_answer="")
        fill_blank = Trait(
            question_type=QuestionType.FILL_BLANK, options=None, correct_answer=["Prague"]
        )
        matching = Trait(
            question_type=QuestionType.MATCHING,
            options=[["Czechia", "Austria"], ["Prague", "Vienna"]],
            correct_answer={"Czechia": "Prague", "Austria": "Vienna"},
        )

    quiz = SubFactory(QuizFactory)
    question_type = QuestionType.MULTIPLE_CHOICE
    question_text = Sequence(lambda n: f"Question {n}?")
    options = LazyFunction(lambda: ["Prague", "Vienna"])
    correct_answer = "Prague"
    order_number = Sequence(lambda n: n + 1)


class QuizSubmissionFactory(DjangoModelFactory[QuizSubmission]):
    """An open attempt of the student of an enrollment in the quiz's course."""

    class Meta:
        model = QuizSubmission

    class Params:
        submitted = Trait(
            started_at=days_ago(2),
            submitted_at=days_ago(1),
            time_taken_seconds=24 * 3600,
            score_percentage=Decimal("80.00"),
            points_earned=Decimal("8.00"),
        )
        pending_review = Trait(
            started_at=days_ago(2),
            submitted_at=days_ago(1),
            grading_status=GradingStatus.PENDING_REVIEW,
        )
        graded = Trait(
            started_at=days_ago(3),
            submitted_at=days_ago(2),
            score_percentage=Decimal("80.00"),
            points_earned=Decimal("8.00"),
            grading_status=GradingStatus.GRADED,
            graded_at=days_ago(1),
            graded_by=SelfAttribute("quiz.lesson.module.course.instructor"),
        )

    quiz = SubFactory(QuizFactory)
    enrollment = SubFactory(EnrollmentFactory, course=SelfAttribute("..quiz.lesson.module.course"))
    student = SelfAttribute("enrollment.student")
    attempt_number = Sequence(lambda n: n + 1)


class AssignmentFactory(DjangoModelFactory[Assignment]):
    """An assignment due in three days."""

    class Meta:
        model = Assignment

    class Params:
        overdue = Trait(due_date=days_ago(1))
        lenient = Trait(late_submission_allowed=True, late_penalty_percentage=20)
        with_rubric = Trait(rubric={"style": 40, "content": 60})

    lesson = SubFactory(LessonFactory, assignment=True)
    title = Sequence(lambda n: f"Assignment {n}")
    due_date = days_ahead(3)
    max_points = 100


class AssignmentSubmissionFactory(DjangoModelFactory[AssignmentSubmission]):
    """An ungraded first revision, under an enrollment in the assignment's course."""

    class Meta:
        model = AssignmentSubmission

    class Params:
        with_file = Trait(
            file_url=Sequence(lambda n: f"https://files.example.com/{n}.pdf"),
            file_name="essay.pdf",
            file_size_bytes=1024,
            submission_text="",
        )
        late = Trait(is_late=True)
        under_review = Trait(grading_status=AssignmentGradingStatus.UNDER_REVIEW)
        revision_requested = Trait(grading_status=AssignmentGradingStatus.REVISION_REQUESTED)
        graded = Trait(
            submitted_at=days_ago(2),
            points_awarded=Decimal("80.00"),
            grading_status=AssignmentGradingStatus.GRADED,
            graded_at=days_ago(1),
            graded_by=SelfAttribute("assignment.lesson.module.course.instructor"),
        )
        revision = Trait(
            parent_submission=SubFactory(
                "tests.factories.AssignmentSubmissionFactory", revision_requested=True
            ),
            assignment=SelfAttribute("parent_submission.assignment"),
            enrollment=SelfAttribute("parent_submission.enrollment"),
            revision_number=LazyAttribute(lambda new: new.parent_submission.revision_number + 1),
        )

    assignment = SubFactory(AssignmentFactory)
    enrollment = SubFactory(
        EnrollmentFactory, course=SelfAttribute("..assignment.lesson.module.course")
    )
    student = SelfAttribute("enrollment.student")
    submission_text = "My answer."
    revision_number = 1


# Communication


class MessageFactory(DjangoModelFactory[Message]):
    """The unread first message of a conversation."""

    class Meta:
        model = Message

    class Params:
        read = Trait(created_at=days_ago(2), read_at=days_ago(1))
        reply = Trait(
            parent_message=SubFactory("tests.factories.MessageFactory"),
            sender=SelfAttribute("parent_message.recipient"),
            recipient=SelfAttribute("parent_message.sender"),
            conversation_id=SelfAttribute("parent_message.conversation_id"),
        )
        hidden_by_sender = Trait(created_at=days_ago(2), deleted_by_sender=days_ago(1))
        hidden_by_recipient = Trait(created_at=days_ago(2), deleted_by_recipient=days_ago(1))

    sender = SubFactory(UserFactory)
    recipient = SubFactory(UserFactory)
    conversation_id = Sequence(lambda n: UUID(int=n + 1))
    content = "Hello!"


class DiscussionThreadFactory(DjangoModelFactory[DiscussionThread]):
    class Meta:
        model = DiscussionThread

    class Params:
        pinned = Trait(is_pinned=True)
        locked = Trait(is_locked=True)

    course = SubFactory(CourseFactory, published=True)
    author = SubFactory(UserFactory)
    title = Sequence(lambda n: f"Thread {n}")
    content = "How does it work?"


class DiscussionPostFactory(DjangoModelFactory[DiscussionPost]):
    class Meta:
        model = DiscussionPost

    class Params:
        reply = Trait(
            parent_post=SubFactory("tests.factories.DiscussionPostFactory"),
            thread=SelfAttribute("parent_post.thread"),
        )
        solution = Trait(is_solution=True)
        edited = Trait(
            created_at=days_ago(2), edited_at=days_ago(1), edit_history=[{"content": "So."}]
        )
        deleted = Trait(is_deleted=True, content="")

    thread = SubFactory(DiscussionThreadFactory)
    author = SubFactory(UserFactory)
    content = "It works like this."


class AnnouncementFactory(DjangoModelFactory[Announcement]):
    """A draft of an announcement by the course's instructor."""

    class Meta:
        model = Announcement

    class Params:
        published = Trait(published_at=days_ago(1))
        scheduled = Trait(scheduled_for=days_ahead(1))
        due = Trait(scheduled_for=days_ago(1))

    course = SubFactory(CourseFactory, published=True)
    educator = SelfAttribute("course.instructor")
    title = Sequence(lambda n: f"Announcement {n}")
    content = "The exam is on Monday."


# Notifications


class NotificationFactory(DjangoModelFactory[Notification]):
    """An unread notification that does not expire."""

    class Meta:
        model = Notification

    class Params:
        read = Trait(created_at=days_ago(2), read_at=days_ago(1))
        urgent = Trait(priority=Priority.URGENT)
        expiring = Trait(expires_at=days_ahead(1))
        expired = Trait(created_at=days_ago(30), expires_at=days_ago(1))

    recipient = SubFactory(UserFactory)
    notification_type = NotificationType.COURSE_UPDATE
    title = Sequence(lambda n: f"Notification {n}")
    content = "A lesson was added."


# Analytics


class CourseAnalyticsFactory(DjangoModelFactory[CourseAnalytics]):
    """The statistics of a course without enrollments."""

    class Meta:
        model = CourseAnalytics

    class Params:
        busy = Trait(
            total_enrollments=10,
            active_enrollments=6,
            completion_count=3,
            completion_rate=Decimal("30.00"),
            average_rating=Decimal("4.50"),
            total_revenue=Decimal("490.00"),
            average_time_to_completion_days=40,
            dropout_rate=Decimal("10.00"),
            most_difficult_lesson=SubFactory(
                LessonFactory, module__course=SelfAttribute("...course")
            ),
        )

    course = SubFactory(CourseFactory, published=True)


class StudentAnalyticsFactory(DjangoModelFactory[StudentAnalytics]):
    """The statistics of a student without activity."""

    class Meta:
        model = StudentAnalytics

    class Params:
        busy = Trait(
            total_courses_enrolled=3,
            courses_completed=1,
            courses_in_progress=2,
            average_quiz_score=Decimal("85.50"),
            total_time_invested_minutes=600,
            current_streak_days=3,
            longest_streak_days=7,
            badges_earned=["first_course"],
            skill_ratings={"sql": 4},
        )

    user = SubFactory(UserFactory)


class AnalyticsEventFactory(DjangoModelFactory[AnalyticsEvent]):
    class Meta:
        model = AnalyticsEvent

    class Params:
        anonymous = Trait(user=None)

    user = SubFactory(UserFactory)
    event_type = "lesson_viewed"


FACTORIES: dict[str, type[DjangoModelFactory[Any]]] = {
    factory._meta.model._meta.db_table: factory for factory in DjangoModelFactory.__subclasses__()
}
"""All factories, by table."""
