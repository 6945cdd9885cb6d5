"""What is read from the source: the comments above constraints and indexes, and who asks."""

from django.apps import apps

from config.schema_docs.dictionary import domain_apps
from config.schema_docs.remarks import Asker, read_askers, read_remarks
from courses.models import Course, Lesson
from users.models import User


def test_comment_above_an_index__its_remark() -> None:
    assert read_remarks(Course)["courses_popular_idx"] == "Query 3: by popularity."


def test_comment_above_a_constraint__its_remark() -> None:
    assert read_remarks(User)["users_email_uniq"] == "Query 1: the login finds the account by it."


def test_comment_of_two_lines__one_remark() -> None:
    assert read_remarks(Course)["courses_rating_idx"] == (
        "Query 3: by rating. Read backwards it is best first and unrated last, for which NULLs "
        "have to be first here."
    )


def test_constraint_without_a_comment__no_remark() -> None:
    assert "lessons_title_check" not in read_remarks(Lesson)


def test_every_index__says_its_query() -> None:
    silent = [
        index.name
        for config in domain_apps()
        for model in config.get_models()
        for index in model._meta.indexes
        if not read_remarks(model).get(index.name, "").startswith("Query ")
    ]
    assert silent == []


def test_method_whose_docstring_names_a_query__asks_it() -> None:
    askers = read_askers(apps.get_app_config("courses"))
    assert askers[27] == [
        Asker("CourseQuerySet.pending_review()", "courses that wait for a moderator, oldest first.")
    ]


def test_class_whose_docstring_names_a_query_at_its_end__asks_it() -> None:
    askers = read_askers(apps.get_app_config("payments"))
    assert Asker("Refund", "by `stripe_refund_id`.") in askers[24]
