"""Rules for the rows of a platform; each query returns the rows that break a rule."""

from typing import LiteralString

RULES: dict[str, LiteralString] = {
    "courses count their enrollments": """
        SELECT c.id FROM courses c
         WHERE enrollment_count <> (SELECT count(*) FROM enrollments WHERE course_id = c.id)
            OR enrollment_count > enrollment_limit OR total_reviews > enrollment_count
    """,
    "courses belong to educators who joined earlier": """
        SELECT c.id FROM courses c JOIN users u ON u.id = instructor_id
         WHERE role <> 'educator' OR u.created_at > c.created_at OR published_at < c.created_at
    """,
    "modules last as long as their lessons, and follow their prerequisite": """
        SELECT m.id FROM course_modules m LEFT JOIN course_modules p
                                                 ON p.id = m.prerequisite_module_id
         WHERE m.duration_minutes <> (SELECT sum(duration_minutes) FROM lessons
                                       WHERE module_id = m.id)
            OR (p.course_id, p.order_number) <> (m.course_id, m.order_number - 1)
    """,
    "exactly the lessons of type quiz have quizzes": """
        SELECT l.id FROM lessons l WHERE (lesson_type = 'quiz')
                                      <> EXISTS (SELECT FROM quizzes WHERE lesson_id = l.id)
    """,
    "exactly the lessons of type assignment have assignments": """
        SELECT l.id FROM lessons l WHERE (lesson_type = 'assignment')
                                      <> EXISTS (SELECT FROM assignments WHERE lesson_id = l.id)
    """,
    "true choices are among the options": """
        SELECT id FROM questions
         WHERE question_type = 'multiple_choice' AND NOT options @> correct_answer
    """,
    "students enroll in published courses, after they registered": """
        SELECT e.id FROM enrollments e JOIN users u ON u.id = student_id
                                       JOIN courses c ON c.id = course_id
         WHERE role <> 'student' OR published_at IS NULL
            OR enrolled_at < greatest(published_at, u.created_at) OR enrolled_at > deleted_at
    """,
    "progress is the share of completed lessons": """
        SELECT e.id FROM enrollments e
         WHERE progress_percentage <> round(100.0
             * (SELECT count(*) FROM lesson_progress
                 WHERE enrollment_id = e.id AND status = 'completed')
             / (SELECT count(*) FROM lessons l JOIN course_modules m ON m.id = module_id
                 WHERE m.course_id = e.course_id), 2)
    """,
    "enrollments are completed with their last lesson": """
        SELECT e.id FROM enrollments e
         WHERE (progress_percentage = 100) <> (status = 'completed')
            OR completed_at <> (SELECT max(completed_at) FROM lesson_progress
                                 WHERE enrollment_id = e.id)
    """,
    "exactly completed enrollments have a certificate, issued later": """
        SELECT e.id FROM enrollments e LEFT JOIN certificates c ON c.enrollment_id = e.id
         WHERE (status = 'completed') <> (c.id IS NOT NULL) OR issued_at < completed_at
    """,
    "progress is in lessons of the course, and after the enrollment": """
        SELECT p.id FROM lesson_progress p JOIN enrollments e ON e.id = enrollment_id
                     JOIN lessons l ON l.id = lesson_id JOIN course_modules m ON m.id = module_id
         WHERE m.course_id <> e.course_id OR p.created_at < enrolled_at
            OR p.last_accessed_at > e.last_accessed_at
    """,
    "completed quizzes were passed, if they are graded": """
        SELECT p.id FROM lesson_progress p
                    JOIN enrollments e ON e.id = enrollment_id JOIN quizzes q USING (lesson_id)
         WHERE p.status = 'completed'
           AND NOT EXISTS (SELECT FROM quiz_submissions s
                            WHERE quiz_id = q.id AND s.enrollment_id = e.id
                              AND (score_percentage >= passing_score_percentage
                                   OR grading_status = 'pending_review'))
    """,
    "progress has the best score, and counts attempts": """
        SELECT p.id FROM lesson_progress p JOIN quizzes q USING (lesson_id)
         WHERE (coalesce(quiz_score, -1), attempts_count) IS DISTINCT FROM
               (SELECT (coalesce(round(max(score_percentage)), -1)::int, count(*)::int)
                  FROM quiz_submissions s
                 WHERE quiz_id = q.id AND s.enrollment_id = p.enrollment_id)
    """,
    "submissions are of the enrollment's student and course": """
        SELECT s.id FROM (SELECT id, student_id, enrollment_id, quiz_id AS what
                            FROM quiz_submissions
                          UNION ALL
                          SELECT id, student_id, enrollment_id, assignment_id
                            FROM assignment_submissions) s
               JOIN enrollments e ON e.id = enrollment_id
               JOIN (SELECT id, lesson_id FROM quizzes
                     UNION ALL SELECT id, lesson_id FROM assignments) w ON w.id = what
               JOIN lessons l ON l.id = lesson_id JOIN course_modules m ON m.id = module_id
         WHERE e.student_id <> s.student_id OR e.course_id <> m.course_id
    """,
    "scores are the percentage of the points": """
        SELECT s.id FROM quiz_submissions s
         WHERE score_percentage <> round(100 * points_earned / (
               SELECT sum(points) FROM questions q WHERE q.quiz_id = s.quiz_id), 2)
            OR (score_percentage IS NULL) <> (points_earned IS NULL)
    """,
    "answers belong to the questions of the quiz": """
        SELECT s.id FROM quiz_submissions s
         WHERE submitted_at IS NOT NULL
           AND (SELECT array_agg(key::uuid ORDER BY key) FROM jsonb_object_keys(answers) key)
               IS DISTINCT FROM (SELECT array_agg(q.id ORDER BY q.id::text) FROM questions q
                                  WHERE q.quiz_id = s.quiz_id)
    """,
    "instructors grade": """
        SELECT s.id FROM quiz_submissions s JOIN enrollments e ON e.id = enrollment_id
                                            JOIN courses c ON c.id = course_id
         WHERE graded_by <> instructor_id OR (graded_by IS NULL) <> (graded_at IS NULL)
    """,
    "attempts do not exceed their limits": """
        SELECT s.id FROM quiz_submissions s JOIN quizzes q ON q.id = quiz_id
         WHERE max_attempts > 0 AND attempt_number > max_attempts
            OR time_taken_seconds > time_limit_minutes * 60
    """,
    "late submissions come after the due date": """
        SELECT s.id FROM assignment_submissions s JOIN assignments a ON a.id = assignment_id
         WHERE is_late <> (submitted_at > due_date) OR points_awarded > max_points
            OR is_late AND NOT late_submission_allowed
    """,
    "revisions follow a submission that was sent back": """
        SELECT s.id FROM assignment_submissions s
                    LEFT JOIN assignment_submissions p ON p.id = s.parent_submission_id
         WHERE s.revision_number > 1
           AND (p.enrollment_id, p.grading_status, p.revision_number)
               IS DISTINCT FROM (s.enrollment_id, 'revision_requested', s.revision_number - 1)
    """,
    "payments match their enrollments": """
        SELECT e.id FROM enrollments e JOIN payments p ON p.id = payment_id
         WHERE (user_id, p.course_id) <> (student_id, e.course_id)
            OR p.status NOT IN ('succeeded', 'refunded') OR p.created_at > enrolled_at
    """,
    "payments match the price": """
        SELECT p.id FROM payments p JOIN courses c ON c.id = course_id
         WHERE p.currency <> c.currency OR amount > price
    """,
    "enrollments without a payment are free or subscribed": """
        SELECT e.id FROM enrollments e JOIN courses c ON c.id = course_id
         WHERE payment_id IS NULL AND price > 0
           AND NOT EXISTS (SELECT FROM subscriptions s
                            WHERE user_id = student_id AND enrolled_at >= s.created_at
                              AND enrolled_at < current_period_end)
    """,
    "successful payments for a course have an enrollment": """
        SELECT p.id FROM payments p
         WHERE course_id IS NOT NULL AND status IN ('succeeded', 'refunded')
           AND NOT EXISTS (SELECT FROM enrollments WHERE payment_id = p.id)
    """,
    "exactly refunded payments have a successful full refund": """
        SELECT p.id FROM payments p
         WHERE (status = 'refunded') <> EXISTS (
               SELECT FROM refunds r WHERE payment_id = p.id AND r.status = 'succeeded'
                                       AND r.amount = p.amount)
    """,
    "refunds are of dropped enrollments": """
        SELECT r.id FROM refunds r JOIN enrollments e ON e.id = enrollment_id
         WHERE e.status <> 'dropped' OR e.payment_id <> r.payment_id
    """,
    "subscriptions were paid for, month by month": """
        SELECT s.id FROM subscriptions s
         WHERE (SELECT count(*) FROM payments p WHERE p.user_id = s.user_id AND course_id IS NULL)
            <> round(extract(epoch FROM current_period_end - created_at) / 86400 / 30)
    """,
    "course analytics agree with their rows": """
        SELECT c.id FROM courses c JOIN course_analytics a ON a.course_id = c.id, LATERAL (
               SELECT count(*) AS n, count(*) FILTER (WHERE status = 'active') AS active,
                      count(*) FILTER (WHERE status = 'completed') AS completed,
                      count(*) FILTER (WHERE status = 'dropped') AS dropped,
                      floor(avg(extract(epoch FROM completed_at - enrolled_at)) / 86400) AS days
                 FROM enrollments WHERE course_id = c.id) e, LATERAL (
               SELECT coalesce(sum(amount), 0) AS revenue FROM payments
                WHERE course_id = c.id AND status = 'succeeded') p
         WHERE (total_enrollments, active_enrollments, completion_count, completion_rate,
                dropout_rate, average_time_to_completion_days, total_revenue, a.average_rating)
               IS DISTINCT FROM
               (n, active, completed, round(100.0 * completed / n, 2),
                round(100.0 * dropped / n, 2), days, revenue, c.average_rating)
    """,
    "all courses that were published have analytics": """
        SELECT id FROM courses c WHERE (published_at IS NOT NULL)
                                    <> EXISTS (SELECT FROM course_analytics WHERE course_id = c.id)
    """,
    "engagement metrics agree with their rows": """
        SELECT course_id FROM course_analytics a
         WHERE (engagement_metrics ->> 'lessons_completed')::int <> (
                   SELECT count(*) FROM lesson_progress p JOIN enrollments e ON e.id = enrollment_id
                    WHERE e.course_id = a.course_id AND p.status = 'completed')
            OR (engagement_metrics ->> 'quiz_attempts')::int <> (
                   SELECT count(*) FROM quiz_submissions
                                         JOIN enrollments e ON e.id = enrollment_id
                    WHERE e.course_id = a.course_id)
    """,
    "the most difficult lesson is failed most often": """
        WITH failures AS (
            SELECT course_id, lesson_id, count(*) AS failed
              FROM quiz_submissions s JOIN quizzes q ON q.id = quiz_id
                   JOIN enrollments e ON e.id = enrollment_id
             WHERE score_percentage < passing_score_percentage GROUP BY 1, 2)
        SELECT course_id FROM course_analytics a
         WHERE coalesce((SELECT failed FROM failures f WHERE lesson_id = most_difficult_lesson_id),
                        0)
            <> coalesce((SELECT max(failed) FROM failures f WHERE f.course_id = a.course_id), 0)
    """,
    "student analytics agree with their rows": """
        SELECT u.id FROM users u LEFT JOIN student_analytics a ON a.user_id = u.id, LATERAL (
               SELECT count(*) AS n, count(*) FILTER (WHERE status = 'active') AS active,
                      count(*) FILTER (WHERE status = 'completed') AS completed
                 FROM enrollments WHERE student_id = u.id) e, LATERAL (
               SELECT round(avg(score_percentage), 2) AS score FROM quiz_submissions
                WHERE student_id = u.id) q, LATERAL (
               SELECT coalesce(sum(time_spent_seconds), 0) / 60 AS minutes
                 FROM lesson_progress JOIN enrollments e ON e.id = enrollment_id
                WHERE student_id = u.id) p
         WHERE role = 'student'
           AND (total_courses_enrolled, courses_in_progress, courses_completed,
                average_quiz_score, total_time_invested_minutes)
               IS DISTINCT FROM (n, active, completed, score, minutes)
    """,
    "streaks are consecutive days with events": """
        WITH days AS (
            SELECT DISTINCT user_id, (timestamp AT TIME ZONE 'UTC')::date AS day
              FROM analytics_events),
        runs AS (
            SELECT user_id, max(day) AS last, count(*) AS length
              FROM (SELECT *, day - row_number() OVER (PARTITION BY user_id ORDER BY day)::int
                           AS run FROM days) numbered
             GROUP BY user_id, run)
        SELECT user_id FROM student_analytics a
         WHERE longest_streak_days <> (SELECT max(length) FROM runs r WHERE r.user_id = a.user_id)
            OR current_streak_days <> coalesce((SELECT length FROM runs r
                 WHERE r.user_id = a.user_id AND last = '2026-02-28'), 0)
    """,
    "threads count their posts": """
        SELECT t.id FROM discussion_threads t
         WHERE (reply_count, last_activity_at) IS DISTINCT FROM (
               SELECT (count(*)::int, coalesce(max(created_at), t.created_at))
                 FROM discussion_posts
                WHERE thread_id = t.id)
    """,
    "posts answer earlier ones of their thread": """
        SELECT p.id FROM discussion_posts p JOIN discussion_posts b ON b.id = p.parent_post_id
         WHERE b.thread_id <> p.thread_id OR b.created_at > p.created_at
    """,
    "authors of posts take the course or teach it": """
        SELECT p.id FROM discussion_posts p JOIN discussion_threads t ON t.id = thread_id
                                            JOIN courses c ON c.id = course_id
         WHERE p.author_id <> instructor_id
           AND NOT EXISTS (SELECT FROM enrollments e
                            WHERE e.course_id = c.id AND student_id = p.author_id
                              AND enrolled_at < p.created_at)
    """,
    "messages answer messages of the other user": """
        SELECT m.id FROM messages m JOIN messages b ON b.id = m.parent_message_id
         WHERE (m.conversation_id, m.sender_id, m.recipient_id)
            <> (b.conversation_id, b.recipient_id, b.sender_id) OR m.created_at < b.read_at
    """,
    "announcements are by the instructor, and scheduled after the end": """
        SELECT a.id FROM announcements a JOIN courses c ON c.id = course_id
         WHERE educator_id <> instructor_id OR scheduled_for < '2026-03-01T00:00Z'
            OR a.created_at < c.published_at
    """,
    "each enrollment, completed lesson and attempt has its event": """
        (SELECT 'course_enrolled', course_id, student_id, enrolled_at FROM enrollments
         UNION ALL
         SELECT 'lesson_completed', lesson_id, student_id, p.completed_at
           FROM lesson_progress p JOIN enrollments e ON e.id = enrollment_id
          WHERE p.completed_at IS NOT NULL
         UNION ALL
         SELECT 'quiz_submitted', lesson_id, student_id, submitted_at
           FROM quiz_submissions s JOIN quizzes q ON q.id = quiz_id
          WHERE submitted_at IS NOT NULL)
        EXCEPT ALL
        SELECT event_type, coalesce(event_data ->> 'lesson_id', event_data ->> 'course_id')::uuid,
               user_id, timestamp FROM analytics_events
         WHERE event_type IN ('course_enrolled', 'lesson_completed', 'quiz_submitted')
    """,
    "logins are events": """
        SELECT u.id FROM users u
         WHERE last_login IS DISTINCT FROM (SELECT max(timestamp) FROM analytics_events
                WHERE user_id = u.id AND event_type = 'user_logged_in')
            OR email_verified <> (last_login IS NOT NULL)
    """,
    "users have no events before registering or after leaving": """
        SELECT e.id FROM analytics_events e JOIN users u ON u.id = user_id
         WHERE timestamp < created_at OR timestamp > deleted_at
    """,
    "everything happens before the end": """
        SELECT id FROM analytics_events WHERE timestamp >= '2026-03-01T00:00Z'
        UNION ALL SELECT id FROM users WHERE greatest(updated_at, deleted_at) > '2026-03-01T00:00Z'
        UNION ALL SELECT id FROM courses WHERE updated_at > '2026-03-01T00:00Z'
        UNION ALL SELECT id FROM enrollments WHERE updated_at >= '2026-03-01T00:00Z'
        UNION ALL SELECT id FROM lesson_progress WHERE updated_at > '2026-03-01T00:00Z'
        UNION ALL SELECT id FROM payments WHERE created_at >= '2026-03-01T00:00Z'
        UNION ALL SELECT id FROM quiz_submissions WHERE updated_at >= '2026-03-01T00:00Z'
        UNION ALL SELECT id FROM assignment_submissions WHERE updated_at >= '2026-03-01T00:00Z'
        UNION ALL SELECT id FROM certificates WHERE issued_at >= '2026-03-01T00:00Z'
        UNION ALL SELECT id FROM messages WHERE updated_at >= '2026-03-01T00:00Z'
        UNION ALL SELECT id FROM discussion_posts WHERE updated_at >= '2026-03-01T00:00Z'
        UNION ALL SELECT id FROM announcements WHERE updated_at >= '2026-03-01T00:00Z'
        UNION ALL SELECT id FROM notifications WHERE read_at >= '2026-03-01T00:00Z'
    """,
    "ids contain the time of the row": """
        SELECT id FROM (
            SELECT id, created_at FROM users UNION ALL SELECT id, created_at FROM payments
            UNION ALL SELECT id, created_at FROM enrollments
            UNION ALL SELECT id, created_at FROM lesson_progress
            UNION ALL SELECT id, timestamp FROM analytics_events) r
         WHERE ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint
            <> extract(epoch FROM created_at) * 1000
    """,
}
