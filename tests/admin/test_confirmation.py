"""Deletions about which the page asks again, because rows have changed since the question."""

from typing import Any

from django.db.models.signals import pre_delete
from django.test import Client

from config.admin.confirmation import UNREADABLE
from courses.models import Course
from payments.models import Payment
from tests.admin.pages import url
from tests.admin.test_deletion import erase_url, selected
from tests.factories import CourseFactory, EnrollmentFactory, PaymentFactory, UserFactory
from tests.support.migrations import run_sql


def confirmation(page: Any) -> dict[str, str]:
    """Return the data that a browser sends to confirm the question on `page`."""
    return {"post": "yes", "_counted": page.wsgi_request.counted}


def changed(page: Any) -> list[str]:
    """Return the changes since the previous question, as the page lists them."""
    sentences: list[str] = page.wsgi_request.changed_since
    return sentences


def test_deletion_confirmed_as_it_was_shown__is_done(admin_client: Client) -> None:
    course = EnrollmentFactory.create().course
    address = url(Course, "delete", course.pk)
    admin_client.post(address, confirmation(admin_client.get(address)))
    assert not Course.objects.exists()


def test_deletion_with_a_table_of_the_same_name_in_another_schema__is_done(
    admin_client: Client,
) -> None:
    course = EnrollmentFactory.create().course
    run_sql("CREATE SCHEMA ext CREATE TABLE enrollments ()")
    address = url(Course, "delete", course.pk)
    admin_client.post(address, confirmation(admin_client.get(address)))
    assert not Course.objects.exists()


def test_rows_added_since_the_question__are_asked_about_again(admin_client: Client) -> None:
    course = EnrollmentFactory.create().course
    address = url(Course, "delete", course.pk)
    page = admin_client.get(address)
    EnrollmentFactory.create_batch(5, course=course)
    again = admin_client.post(address, confirmation(page))
    assert changed(again) == ["enrollments: 6 instead of 1"]
    assert "enrollments: 6 instead of 1" in again.content.decode()
    assert admin_client.post(address, confirmation(again)).status_code == 302
    assert not Course.objects.exists()


def test_same_number_of_other_rows__is_asked_about_again(admin_client: Client) -> None:
    enrollment = EnrollmentFactory.create()
    address = url(Course, "delete", enrollment.course_id)
    page = admin_client.get(address)
    enrollment.delete()
    EnrollmentFactory.create(course=enrollment.course)
    again = admin_client.post(address, confirmation(page))
    assert changed(again) == ["enrollments: 1, but not the same rows as before"]


def test_confirmation_without_counts__deletes_only_a_record_without_related_rows(
    admin_client: Client,
) -> None:
    alone, course = CourseFactory.create(), EnrollmentFactory.create().course
    responses = [
        admin_client.post(url(Course, "delete", row.pk), {"post": "yes"}) for row in (alone, course)
    ]
    assert Course.objects.get() == course
    assert changed(responses[1]) == ["enrollments: 1 instead of 0"]


def test_link_added_since_the_question__is_asked_about(admin_client: Client) -> None:
    enrollment = EnrollmentFactory.create()
    payment = PaymentFactory.create()
    address = url(Payment, "delete", payment.pk)
    page = admin_client.get(address)
    type(enrollment).objects.update(payment=payment)
    again = admin_client.post(address, confirmation(page))
    assert changed(again) == ["enrollments (payment): 1 instead of 0"]
    assert Payment.objects.exists()


def test_selected_rows_with_more_related_rows_since_the_question__are_asked_about_again(
    admin_client: Client,
) -> None:
    course = CourseFactory.create()
    data = selected(course, action="delete_selected")
    page = admin_client.post(url(Course, "changelist"), data)
    EnrollmentFactory.create(course=course)
    again = admin_client.post(url(Course, "changelist"), data | confirmation(page))
    assert changed(again) == ["enrollments: 1 instead of 0"]
    admin_client.post(url(Course, "changelist"), data | confirmation(again))
    assert not Course.objects.exists()


def test_account_with_more_related_rows_since_the_question__is_asked_about_again(
    admin_client: Client,
) -> None:
    user = UserFactory.create(educator=True)
    page = admin_client.get(erase_url(user))
    CourseFactory.create(instructor=user)
    data = {"email": user.email}
    again = admin_client.post(erase_url(user), data | confirmation(page))
    assert changed(again) == ["courses: 1 instead of 0"]
    assert again.context["mismatch"] == ""
    admin_client.post(erase_url(user), data | confirmation(again))
    assert not Course.objects.exists()


def test_wrong_address_for_an_account_with_new_rows__is_the_only_error(
    admin_client: Client,
) -> None:
    user = UserFactory.create(educator=True)
    page = admin_client.get(erase_url(user))
    CourseFactory.create(instructor=user)
    data = {"email": "other@example.com"} | confirmation(page)
    again = admin_client.post(erase_url(user), data)
    assert again.context["mismatch"] == "This is not the account's address."


def test_rows_added_between_the_count_and_the_deletion__are_not_deleted(
    admin_client: Client,
) -> None:
    def enroll(instance: Course, **_: Any) -> None:
        pre_delete.disconnect(enroll, Course)
        EnrollmentFactory.create(course=instance)

    course = CourseFactory.create()
    address = url(Course, "delete", course.pk)
    page = admin_client.get(address)
    pre_delete.connect(enroll, Course)
    again = admin_client.post(address, confirmation(page))
    assert changed(again) == ["enrollments: 1 instead of 0"]
    assert Course.objects.exists()


def test_link_added_between_the_count_and_the_deletion__is_not_cut(admin_client: Client) -> None:
    def pay(instance: Payment, **_: Any) -> None:
        pre_delete.disconnect(pay, Payment)
        EnrollmentFactory.create(payment=instance)

    address = url(Payment, "delete", PaymentFactory.create().pk)
    page = admin_client.get(address)
    pre_delete.connect(pay, Payment)
    again = admin_client.post(address, confirmation(page))
    assert changed(again) == ["enrollments (payment): 1 instead of 0"]
    assert Payment.objects.exists()


def test_confirmation_with_unreadable_counts__is_asked_for_again(admin_client: Client) -> None:
    address = url(Course, "delete", CourseFactory.create().pk)
    again = admin_client.post(address, {"post": "yes", "_counted": "x"})
    assert changed(again) == [UNREADABLE]
    assert Course.objects.exists()
