"""The queries of the design, their rows, and the indexes that serve them.

The tests run the queries on a small platform, and benchmarks/queries.py on one of any size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from analytics.models import AnalyticsEvent
from assessments.models import Assignment, AssignmentSubmission, Quiz, QuizSubmission
from communication.models import Announcement, DiscussionPost, DiscussionThread, Message
from courses.enums import CourseStatus
from courses.models import Course
from enrollments.enums import EnrollmentStatus
from enrollments.models import Certificate, Enrollment
from notifications.models import Notification
from payments.models import Payment, Refund, Subscription
from users.models import User

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Platform:
    """The arguments of the queries: rows, the current time, and words and ids to look up."""

    now: datetime
    busy_user: User
    correspondent: User
    student: User
    educator: User
    course: Course
    enrollment: Enrollment
    quiz: Quiz
    assignment: Assignment
    conversation_id: UUID
    thread: DiscussionThread
    post: DiscussionPost
    words: str
    event_type: str
    payment_intent: str
    checkout_session: str
    subscription: str
    refund: str
    certificate: str


@dataclass(frozen=True)
class Query:
    """A query of the design, with its number and the indexes that must serve it."""

    number: int
    name: str
    run: Callable[[Platform], Any]
    indexes: set[str]
    page: bool = False  # True if it returns a page of a longer list, in the order of the index

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    def result(self, on: Platform) -> Any:
        """Run the query, and return its rows or its value."""
        result = self.run(on)
        return list(result) if isinstance(result, QuerySet) else result


QUERIES = [
    Query(
        1,
        "login",
        lambda on: User.objects.active().get(email=on.student.email.upper()),
        {"users_email_uniq"},
    ),
    Query(
        2,
        "catalogue",
        lambda on: Course.objects.catalogue(on.course.category, on.course.difficulty)[:20],
        {"courses_catalogue_idx"},
        page=True,
    ),
    Query(
        3,
        "catalogue by popularity",
        lambda on: Course.objects.popular()[:20],
        {"courses_popular_idx"},
        page=True,
    ),
    Query(
        3,
        "catalogue by rating",
        lambda on: Course.objects.top_rated()[:20],
        {"courses_rating_idx"},
        page=True,
    ),
    Query(
        4,
        "course page",
        lambda on: Course.objects.with_outline().get(slug=on.course.slug),
        {"courses_slug_uniq", "course_modules_order_uniq", "lessons_order_uniq"},
    ),
    Query(
        5,
        "search",
        lambda on: Course.objects.search(on.words)[:20],
        {"courses_search_idx"},
    ),
    Query(
        6,
        "student home",
        lambda on: on.student.enrollments.home(),
        {"enrollments_student_course_uniq", "courses_pkey"},
    ),
    Query(
        7,
        "player",
        lambda on: on.enrollment.lesson_progress.for_player(),
        {"lesson_progress_enrollment_lesson_uniq", "lessons_pkey"},
    ),
    Query(
        8,
        "educator home",
        lambda on: on.educator.taught_courses.with_status(CourseStatus.DRAFT),
        {"courses_instructor_idx"},
    ),
    Query(
        9,
        "roster",
        lambda on: on.course.enrollments.roster(EnrollmentStatus.ACTIVE)[:50],
        {"enrollments_roster_idx"},
        page=True,
    ),
    Query(
        10,
        "quiz start, attempts",
        lambda on: on.quiz.submissions.attempts_of(on.student),
        {"quiz_submissions_attempt_uniq"},
    ),
    Query(
        10,
        "quiz start, questions",
        lambda on: on.quiz.questions.all(),
        {"questions_order_uniq"},
    ),
    Query(
        11,
        "grading queue of quizzes",
        lambda on: QuizSubmission.objects.awaiting_review()[:50],
        {"quiz_submissions_queue_idx"},
        page=True,
    ),
    Query(
        11,
        "grading queue of a quiz",
        lambda on: on.quiz.submissions.awaiting_review()[:50],
        {"quiz_submissions_review_idx"},
        page=True,
    ),
    Query(
        11,
        "grading queue of assignments",
        lambda on: AssignmentSubmission.objects.awaiting_review()[:50],
        {"assignment_subs_queue_idx"},
        page=True,
    ),
    Query(
        11,
        "grading queue of an assignment",
        lambda on: on.assignment.submissions.awaiting_review()[:50],
        {"assignment_subs_review_idx"},
        page=True,
    ),
    Query(
        12,
        "deadlines",
        lambda on: Assignment.objects.due_for(on.student, on.now),
        {
            "enrollments_student_course_uniq",
            "course_modules_order_uniq",
            "lessons_order_uniq",
            "assignments_due_idx",
        },
    ),
    Query(
        13,
        "inbox",
        lambda on: Message.objects.inbox(on.correspondent),
        {"messages_sender_idx", "messages_recipient_idx", "messages_pkey"},
    ),
    Query(
        14,
        "conversation",
        lambda on: Message.objects.conversation(on.conversation_id)[:50],
        {"messages_conversation_idx"},
        page=True,
    ),
    Query(
        15,
        "badge of messages",
        lambda on: on.student.received_messages.unread().count(),
        {"messages_unread_idx"},
    ),
    Query(
        15,
        "badge of notifications",
        lambda on: on.student.notifications.unread().count(),
        {"notifications_unread_idx"},
    ),
    Query(
        16,
        "bell",
        lambda on: on.busy_user.notifications.newest_first()[:20],
        {"notifications_recipient_idx"},
        page=True,
    ),
    Query(
        17,
        "sweep",
        lambda on: Notification.objects.expired(on.now)[:100],
        {"notifications_expiry_idx"},
        page=True,
    ),
    Query(
        18,
        "forum",
        lambda on: on.course.discussion_threads.forum()[:20],
        {"discussion_threads_forum_idx"},
        page=True,
    ),
    Query(
        19,
        "thread",
        lambda on: on.thread.posts.in_order()[:50],
        {"discussion_posts_thread_idx"},
        page=True,
    ),
    Query(
        19,
        "replies",
        lambda on: on.post.replies.in_order()[:50],
        {"discussion_posts_parent_idx"},
        page=True,
    ),
    Query(
        20,
        "announcements",
        lambda on: on.course.announcements.published()[:20],
        {"announcements_course_idx"},
        page=True,
    ),
    Query(
        20,
        "announcements that are due",
        lambda on: Announcement.objects.due(on.now)[:20],
        {"announcements_due_idx"},
    ),
    Query(
        21,
        "timeline",
        lambda on: on.busy_user.analytics_events.between(on.now - 100 * DAY, on.now)[:100],
        {"analytics_events_user_idx"},
        page=True,
    ),
    Query(
        22,
        "reporting",
        lambda on: AnalyticsEvent.objects.per_hour(on.event_type, on.now - 10 * DAY, on.now),
        {"analytics_events_type_idx"},
    ),
    Query(
        23,
        "billing of a user",
        lambda on: on.busy_user.payments.newest_first()[:20],
        {"payments_user_idx"},
        page=True,
    ),
    Query(
        23,
        "billing of a course",
        lambda on: on.course.payments.newest_first()[:20],
        {"payments_course_idx"},
        page=True,
    ),
    Query(
        23,
        "billing, stuck in pending",
        lambda on: Payment.objects.stuck(on.now - DAY)[:20],
        {"payments_pending_idx"},
        page=True,
    ),
    Query(
        24,
        "reconciliation of a payment",
        lambda on: Payment.objects.get(stripe_payment_intent_id=on.payment_intent),
        {"payments_stripe_payment_intent_id_uniq"},
    ),
    Query(
        24,
        "reconciliation of a checkout",
        lambda on: Payment.objects.get(stripe_checkout_session_id=on.checkout_session),
        {"payments_stripe_checkout_session_id_uniq"},
    ),
    Query(
        24,
        "reconciliation of a subscription",
        lambda on: Subscription.objects.get(stripe_subscription_id=on.subscription),
        {"subscriptions_stripe_subscription_id_uniq"},
    ),
    Query(
        24,
        "reconciliation of a refund",
        lambda on: Refund.objects.get(stripe_refund_id=on.refund),
        {"refunds_stripe_refund_id_uniq"},
    ),
    Query(
        25,
        "renewals",
        lambda on: Subscription.objects.renewing(on.now + DAY)[:100],
        {"subscriptions_renewal_idx"},
    ),
    Query(
        26,
        "certificate",
        lambda on: Certificate.objects.get(certificate_id=on.certificate),
        {"certificates_certificate_id_uniq"},
    ),
    Query(
        27,
        "moderation",
        lambda on: Course.objects.pending_review()[:20],
        {"courses_pending_review_idx"},
        page=True,
    ),
]
