"""Rules of courses, modules and lessons."""

from tests.constraints.rules import (
    Rule,
    at_least,
    currency,
    decimals,
    json_shape,
    not_blank,
    unique,
)

RULES = [
    unique("courses_slug_uniq", "slug"),
    Rule(
        "courses_slug_check",
        refused=[
            "slug = ''",
            "slug = 'SQL'",
            "slug = 'sql for all'",
            "slug = '-sql'",
            "slug = 'sql-'",
            "slug = 'sql--all'",
            "slug = 'sql/all'",
            "slug = 'jazyk-č'",
        ],
        accepted=["slug = 'sql-for-all-2'", "slug = 'sql_for_all'", "slug = '1'"],
    ),
    not_blank("courses_title_check"),
    not_blank("courses_category_check"),
    decimals("0", "99999999.99", "courses_price_check", below="-0.01"),
    currency("courses_currency_check"),
    at_least(1, "courses_enrollment_limit_check"),
    at_least(0, "courses_enrollment_count_check"),
    at_least(0, "courses_total_reviews_check"),
    Rule(
        "courses_average_rating_check",
        refused=["average_rating = -0.01", "average_rating = 5.01", "average_rating = 'NaN'"],
        accepted=["average_rating = 0", "average_rating = 5"],
        state={"reviewed": True},
    ),
    Rule(
        "courses_rating_reviews_check",
        refused=["average_rating = 4", "total_reviews = 1"],
        accepted=["average_rating = 4, total_reviews = 1"],
    ),
    Rule(
        "courses_rating_reviews_check",
        refused=["average_rating = NULL", "total_reviews = 0"],
        accepted=["average_rating = NULL, total_reviews = 0"],
        state={"reviewed": True},
    ),
    Rule(
        "courses_published_at_check",
        refused=["status = 'published'"],
        accepted=["status = 'published', published_at = now()", "published_at = now()"],
    ),
    unique("course_modules_order_uniq", "course_id", "order_number"),
    not_blank("course_modules_title_check"),
    at_least(1, "course_modules_order_number_check"),
    at_least(0, "course_modules_duration_minutes_check"),
    Rule(
        "course_modules_prerequisite_check",
        refused=["prerequisite_module_id = id"],
        accepted=["prerequisite_module_id = %(other)s"],
    ),
    unique("lessons_order_uniq", "module_id", "order_number"),
    not_blank("lessons_title_check"),
    at_least(1, "lessons_order_number_check"),
    at_least(0, "lessons_duration_minutes_check"),
    Rule(
        "lessons_video_check",
        refused=["content_url = ''", "content_url = ' '"],
        accepted=["content_url = '', lesson_type = 'quiz'"],
    ),
    Rule(
        "lessons_text_check",
        refused=["content_text = ''", r"content_text = E' \n'"],
        accepted=["content_text = '', lesson_type = 'assignment'"],
        state={"text": True},
    ),
    json_shape("object", "lessons_metadata_check"),
]
