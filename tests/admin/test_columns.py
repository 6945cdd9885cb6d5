"""Values in lists: alignment of numbers, and colours of labels."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client

from config.admin.columns import BAD, COLOUR_OF, GOOD
from config.postgres.enums import EnumField
from courses.models import Course
from payments.models import Payment
from tests.admin.pages import model_admin, url
from tests.factories import CourseFactory, PaymentFactory

GOOD_OR_BAD = {"succeeded": GOOD, "completed": GOOD, "failed": BAD, "unpaid": BAD}


def labels() -> Iterator[str]:
    """Yield the labels of all enum types."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EnumField):
                yield from dict(field.flatchoices)


def test_green_and_red__are_for_good_and_bad_news() -> None:
    colours = {label: COLOUR_OF.get(label) for label in labels()}
    assert {
        label: colour for label, colour in colours.items() if colour in (GOOD, BAD)
    } == GOOD_OR_BAD


def test_labels_with_a_colour__are_labels_of_enum_types() -> None:
    assert COLOUR_OF.keys() - set(labels()) == set()


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (Course, ["price", "enrollment_count", "average_rating"]),
        (Payment, ["amount"]),
    ],
)
def test_number__is_aligned_at_the_right(model: type[Model], names: list[str]) -> None:
    columns = [column for column in model_admin(model).columns if hasattr(column, "formatting")]
    assert [column.__name__ for column in columns] == names


def test_amount__is_shown_with_its_currency_on_one_line(db: None) -> None:
    payment = PaymentFactory.create(amount="1234.5", currency="EUR")
    assert model_admin(Payment).shown("amount")(payment) == (
        '<span class="whitespace-nowrap">1,234.50 <span class="currency">EUR</span></span>'
    )


def test_email_of_a_related_person__may_wrap_before_the_at_sign(admin_client: Client) -> None:
    CourseFactory.create(instructor__email="ada&@example.com")
    html = admin_client.get(url(Course, "changelist")).text
    assert ">ada&amp;<wbr>@example.com</a>" in html


def test_yes_and_no__have_a_neutral_colour(admin_client: Client) -> None:
    PaymentFactory.create()
    html = admin_client.get(url(Payment, "changelist")).text
    assert 'bg-base-500/8 text-base-700 dark:bg-base-500/20 dark:text-base-200" title="No"' in html
