"""Remarks in the source: comments on constraints and indexes, and callers of queries."""

from config.schema_docs.dictionary import domain_apps
from config.schema_docs.remarks import QueryCaller, read_query_callers, read_remarks
from courses.models import Course, Lesson
from users.models import User


def test_comment_above_an_index__its_remark() -> None:
    assert read_remarks(Course)["courses_popular_idx"] == "Query 3: courses sorted by popularity."


def test_comment_above_a_constraint__its_remark() -> None:
    assert (
        read_remarks(User)["users_email_uniq"]
        == "Query 1: the login finds the account by its address."
    )


def test_comment_of_two_lines__one_remark() -> None:
    assert read_remarks(Course)["courses_rating_idx"] == (
        "Query 3: courses sorted by rating. A backward scan returns the best courses first, "
        "and courses without a rating last, because NULLs are first in the index."
    )


def test_constraint_without_a_comment__no_remark() -> None:
    assert "lessons_title_check" not in read_remarks(Lesson)


def test_every_index__has_a_comment_with_its_query() -> None:
    silent = [
        index.name
        for config in domain_apps()
        for model in config.get_models()
        for index in model._meta.indexes
        if not read_remarks(model).get(index.name, "").startswith("Query ")
    ]
    assert silent == []


def test_method_whose_docstring_names_a_query__is_its_caller() -> None:
    assert [caller for caller in read_query_callers() if caller.query == 27] == [
        QueryCaller(
            27,
            "CourseQuerySet.pending_review()",
            "return courses that await a moderator, oldest first.",
        )
    ]


def test_class_whose_docstring_names_a_query_at_its_end__is_its_caller() -> None:
    caller = QueryCaller(24, "Refund", "lookup by `stripe_refund_id`.")
    assert caller in read_query_callers()
