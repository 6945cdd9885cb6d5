-- A platform with 1,000 users and 3,000 courses. Its rows follow rules, not chance, and no table has
-- more rows than ANALYZE samples, so that statistics and plans are the same in every run. Course 1,
-- user 1, conversation 1, thread 1 and post 1 have long lists, so that reading the first page in the
-- order of an index pays off. All others have short lists. The current time is always 2026-01-01.

CREATE OR REPLACE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid
    RETURN md5(kind || n)::uuid;
CREATE OR REPLACE FUNCTION pg_temp.day(n numeric) RETURNS timestamptz
    RETURN timestamptz '2026-01-01 00:00Z' + n * interval '1 day';

-- Users 1 to 100 teach, and all users study.
INSERT INTO users (id, email, password_hash, role, created_at)
SELECT pg_temp.id('user', n), 'user' || n || '@example.org', '!',
       (CASE WHEN n <= 100 THEN 'educator' ELSE 'student' END)::role, pg_temp.day(-400)
  FROM generate_series(1, 1000) n;

INSERT INTO user_profiles (user_id, full_name)
SELECT pg_temp.id('user', n), 'User ' || n
  FROM generate_series(1, 1000) n;

INSERT INTO student_analytics (user_id)
SELECT pg_temp.id('user', n)
  FROM generate_series(1, 1000) n;

INSERT INTO courses (id, instructor_id, title, description, slug, category, difficulty, status,
                     published_at, enrollment_count, average_rating, total_reviews, created_at)
SELECT pg_temp.id('course', n), pg_temp.id('user', 1 + n % 100), 'Course ' || n,
       'About topic' || n % 300 || ', for those who never dared to ask.', 'course-' || n,
       CASE WHEN n % 2 = 1 THEN 'programming' ELSE 'category ' || n % 20 END,
       (ARRAY['beginner', 'intermediate', 'advanced'])[1 + n % 3]::difficulty,
       (CASE WHEN n % 50 = 7 THEN 'pending_review' WHEN n % 7 = 0 THEN 'draft'
             ELSE 'published' END)::course_status,
       pg_temp.day(-n / 10.0), n * 7 % 1000,
       CASE WHEN n % 2 = 0 THEN n % 500 / 100.0 END, CASE WHEN n % 2 = 0 THEN n % 40 + 1 ELSE 0 END,
       pg_temp.day(-n / 10.0 - 1)
  FROM generate_series(1, 3000) n;

INSERT INTO course_modules (id, course_id, title, order_number)
SELECT pg_temp.id('module', n * 2 + m), pg_temp.id('course', n), 'Module ' || m, m
  FROM generate_series(1, 3000) n, generate_series(1, 2) m;

INSERT INTO lessons (id, module_id, title, lesson_type, order_number)
SELECT pg_temp.id('lesson', (n * 2 + m) * 2 + l), pg_temp.id('module', n * 2 + m), 'Lesson ' || l,
       'quiz', l
  FROM generate_series(1, 3000) n, generate_series(1, 2) m, generate_series(1, 2) l;

INSERT INTO course_analytics (course_id, most_difficult_lesson_id)
SELECT pg_temp.id('course', n), pg_temp.id('lesson', (n * 2 + 1) * 2 + 1)
  FROM generate_series(1, 3000) n;

-- Every user takes course 1 and nine others.
CREATE TEMP TABLE seats ON COMMIT DROP AS
SELECT student, place, student * 10 + place AS n,
       CASE place WHEN 0 THEN 1 ELSE 2 + (student * 7 + place * 131) % 2999 END AS course
  FROM generate_series(1, 1000) student, generate_series(0, 9) place;

INSERT INTO payments (id, user_id, course_id, amount, status, stripe_payment_intent_id,
                      stripe_checkout_session_id, created_at)
SELECT pg_temp.id('payment', n), pg_temp.id('user', student), pg_temp.id('course', course), 50,
       (CASE WHEN n % 100 = 3 THEN 'pending' ELSE 'succeeded' END)::payment_status,
       'pi_' || n, 'cs_' || n, pg_temp.day(-n % 365 - place / 10.0)
  FROM seats
UNION ALL
SELECT pg_temp.id('payment', n), pg_temp.id('user', 1), NULL, 10, 'succeeded', NULL, NULL,
       pg_temp.day(-n % 365)
  FROM generate_series(20001, 20500) n;

INSERT INTO enrollments (id, student_id, course_id, payment_id, status, enrolled_at, completed_at,
                         progress_percentage, last_accessed_at)
SELECT pg_temp.id('enrollment', n), pg_temp.id('user', student), pg_temp.id('course', course),
       pg_temp.id('payment', n),
       (CASE n % 7 WHEN 1 THEN 'completed' WHEN 2 THEN 'dropped'
                   ELSE 'active' END)::enrollment_status,
       pg_temp.day(-n / 100.0), CASE n % 7 WHEN 1 THEN pg_temp.day(0) END,
       CASE n % 7 WHEN 1 THEN 100 ELSE 0 END, pg_temp.day(-n % 100)
  FROM seats;

INSERT INTO refunds (payment_id, enrollment_id, stripe_refund_id, amount)
SELECT pg_temp.id('payment', n), pg_temp.id('enrollment', n), 're_' || n, 50
  FROM seats
 WHERE n % 10 = 2;

INSERT INTO subscriptions (user_id, stripe_subscription_id, stripe_customer_id, plan_id, status,
                           current_period_start, current_period_end)
SELECT pg_temp.id('user', n), 'sub_' || n, 'cus_' || n, 'pro',
       (CASE n % 3 WHEN 0 THEN 'canceled' ELSE 'active' END)::subscription_status,
       pg_temp.day(-31), pg_temp.day(n % 100 / 3.0 - 1)
  FROM generate_series(1, 1000) n;

INSERT INTO certificates (enrollment_id, certificate_id)
SELECT pg_temp.id('enrollment', n), 'C-' || n
  FROM seats
 WHERE n % 7 = 1;

INSERT INTO lesson_progress (enrollment_id, lesson_id)
SELECT pg_temp.id('enrollment', n), pg_temp.id('lesson', (course * 2 + 1) * 2 + l)
  FROM seats, generate_series(1, 2) l
 WHERE place < 4;

INSERT INTO quizzes (id, lesson_id, title, quiz_type, passing_score_percentage)
SELECT pg_temp.id('quiz', n), pg_temp.id('lesson', (n * 2 + 1) * 2 + 1), 'Quiz', 'practice', 50
  FROM generate_series(1, 3000) n;

INSERT INTO questions (quiz_id, question_type, question_text, correct_answer, order_number)
SELECT pg_temp.id('quiz', n), 'essay', 'Why?', '""', q
  FROM generate_series(1, 3000) n, generate_series(1, 3) q;

INSERT INTO quiz_submissions (quiz_id, student_id, enrollment_id, attempt_number, started_at,
                              submitted_at, grading_status, graded_by)
SELECT pg_temp.id('quiz', course), pg_temp.id('user', student), pg_temp.id('enrollment', n), 1,
       pg_temp.day(-300), pg_temp.day(-n % 211),
       (CASE WHEN n % 20 IN (0, 11) THEN 'pending_review' ELSE 'auto_graded' END)::grading_status,
       CASE WHEN n % 9 = 5 THEN pg_temp.id('user', 1 + n % 100) END
  FROM seats;

INSERT INTO assignments (id, lesson_id, title, max_points, due_date)
SELECT pg_temp.id('assignment', n * 2 + m), pg_temp.id('lesson', (n * 2 + m) * 2 + 2), 'Assignment',
       10, pg_temp.day(n * 11 % 100 - 50)
  FROM generate_series(1, 3000) n, generate_series(1, 2) m;

INSERT INTO assignment_submissions (id, assignment_id, student_id, enrollment_id, submission_text,
                                    submitted_at, grading_status, graded_at, graded_by,
                                    revision_number, parent_submission_id)
SELECT pg_temp.id('submission', n * 2 + revision), pg_temp.id('assignment', course * 2 + 1),
       pg_temp.id('user', student), pg_temp.id('enrollment', n), 'See there.',
       pg_temp.day(-n % 211 - 1),
       (CASE WHEN n % 50 IN (0, 31) THEN 'submitted' WHEN n % 50 IN (10, 42) THEN 'under_review'
             ELSE 'graded' END)::assignment_grading_status,
       pg_temp.day(0), pg_temp.id('user', 1 + n % 100), revision,
       CASE revision WHEN 2 THEN pg_temp.id('submission', n * 2 + 1) END
  FROM seats, generate_series(1, 2) revision
 WHERE revision = 1 OR n % 10 = 1;

-- Every user writes twice to each of four others, user 2 writes often to user 3, and many write once
-- to user 1.
INSERT INTO messages (id, sender_id, recipient_id, conversation_id, content, read_at, created_at,
                      parent_message_id)
SELECT pg_temp.id('message', n), pg_temp.id('user', n % 1000 + 1),
       pg_temp.id('user', (n + n / 1000 % 4 * 17 + 1) % 1000 + 1),
       pg_temp.id('conversation', n % 4000 + 2), 'Hello.',
       CASE WHEN n % 6 > 0 THEN pg_temp.day(0) END, pg_temp.day(-n / 100.0),
       CASE WHEN n > 4000 THEN pg_temp.id('message', n - 4000) END
  FROM generate_series(1, 8000) n
UNION ALL
SELECT pg_temp.id('message', n), pg_temp.id('user', 2), pg_temp.id('user', 3),
       pg_temp.id('conversation', 1), 'Again.', pg_temp.day(0), pg_temp.day(-n / 100.0), NULL
  FROM generate_series(8001, 9000) n
UNION ALL
SELECT pg_temp.id('message', n), pg_temp.id('user', n - 9000), pg_temp.id('user', 1),
       pg_temp.id('conversation', n), 'Hello.', pg_temp.day(0), pg_temp.day(-n / 10000.0), NULL
  FROM generate_series(9002, 9300) n;

INSERT INTO discussion_threads (id, course_id, author_id, title, content, is_pinned,
                                last_activity_at)
SELECT pg_temp.id('thread', n), pg_temp.id('course', CASE WHEN n <= 300 THEN 1 ELSE n - 298 END),
       pg_temp.id('user', n % 1000 + 1), 'Thread', 'Anybody?', n % 50 = 0, pg_temp.day(-n / 10.0)
  FROM generate_series(1, 3000) n;

INSERT INTO discussion_posts (id, thread_id, author_id, parent_post_id, content, created_at)
SELECT pg_temp.id('post', n), pg_temp.id('thread', CASE WHEN n <= 300 THEN 1 ELSE n / 4 + 1 END),
       pg_temp.id('user', n % 1000 + 1),
       CASE WHEN n BETWEEN 2 AND 200 THEN pg_temp.id('post', 1)
            WHEN n > 300 AND n % 4 > 0 THEN pg_temp.id('post', n - n % 4) END,
       'Me.', pg_temp.day(-n / 100.0)
  FROM generate_series(1, 11000) n;

INSERT INTO announcements (course_id, educator_id, title, content, published_at, scheduled_for)
SELECT pg_temp.id('course', CASE WHEN n <= 300 THEN 1 ELSE n - 298 END),
       pg_temp.id('user', n % 100 + 1), 'News', 'There is.',
       CASE WHEN n % 20 > 0 THEN pg_temp.day(-n / 10.0) END,
       CASE WHEN n % 20 = 0 THEN pg_temp.day(n % 100 - 20) END
  FROM generate_series(1, 3000) n;

INSERT INTO notifications (recipient_id, notification_type, title, content, read_at, created_at,
                           expires_at)
SELECT pg_temp.id('user', CASE WHEN n <= 1000 THEN 1 ELSE n % 1000 + 1 END), 'announcement',
       'News', 'There is.', CASE WHEN n % 7 > 0 THEN pg_temp.day(0) END, pg_temp.day(-n / 100.0 - 9),
       CASE WHEN n % 3 = 0 THEN pg_temp.day(n % 300 / 10.0 - 1) END
  FROM generate_series(1, 15000) n;

-- One event every five minutes, in order of time, as they would arrive: in three months, and
-- before them in the default partition.
CREATE TABLE analytics_events_2025_10 PARTITION OF analytics_events
   FOR VALUES FROM ('2025-10-01 00:00:00+00') TO ('2025-11-01 00:00:00+00');
CREATE TABLE analytics_events_2025_11 PARTITION OF analytics_events
   FOR VALUES FROM ('2025-11-01 00:00:00+00') TO ('2025-12-01 00:00:00+00');
CREATE TABLE analytics_events_2025_12 PARTITION OF analytics_events
   FOR VALUES FROM ('2025-12-01 00:00:00+00') TO ('2026-01-01 00:00:00+00');
INSERT INTO analytics_events (user_id, event_type, timestamp)
SELECT pg_temp.id('user', CASE WHEN n % 50 = 0 THEN 1 ELSE n * 7919::bigint % 1000 + 1 END),
       'type ' || n % 20, pg_temp.day((n - 30000) / 288.0)
  FROM generate_series(1, 30000) n;
