"""Times in forms and on pages, in zones whose clocks are set back and forward."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from analytics.models import AnalyticsEvent
from config.admin.time_inputs import OUTSIDE, MomentField, MomentWidget
from courses.models import Course
from tests.admin.pages import context_of, errors, page_data, url
from tests.factories import AnalyticsEventFactory, CourseFactory, UserProfileFactory
from users.models import User, UserProfile

FIRST = datetime(2025, 10, 26, 0, 30, 0, 123456, tzinfo=UTC)
"""The first of two moments at which clocks in Prague show 02:30."""
TWICE = (
    "Clocks in Europe/Prague show 02:30 twice on 26 October 2025, because they are set back. "
    "Choose one of the two."
)


@pytest.fixture
def in_prague(admin_client: Client) -> Client:
    UserProfileFactory.create(user=User.objects.get(), timezone="Europe/Prague")
    return admin_client


@pytest.fixture
def in_tokyo(admin_client: Client) -> Client:
    UserProfileFactory.create(user=User.objects.get(), timezone="Asia/Tokyo")
    return admin_client


def sent_in(zone: str, client: Client, address: str) -> dict[str, str]:
    """Return the data that a browser sends for the untouched page with times in `zone`."""
    with timezone.override(ZoneInfo(zone)):
        return page_data(client, address)


def published(course: Course) -> datetime | None:
    return Course.objects.values_list("published_at", flat=True).get(pk=course.pk)


@pytest.mark.parametrize("moment", [FIRST, FIRST + timedelta(hours=1)])
def test_time_of_a_repeated_hour_untouched__stays_as_it_is(
    in_prague: Client, moment: datetime
) -> None:
    course = CourseFactory.create(published_at=moment)
    address = url(Course, "change", course.pk)
    data = sent_in("Europe/Prague", in_prague, address) | {"title": "A"}
    assert in_prague.post(address, data).status_code == 302
    assert (published(course), Course.objects.get().title) == (moment, "A")


def test_time_of_a_repeated_hour_typed__asks_which_of_the_two(in_prague: Client) -> None:
    address = url(Course, "change", CourseFactory.create().pk)
    data = page_data(in_prague, address) | {
        "published_at_0": "2025-10-26",
        "published_at_1": "02:30",
    }
    assert errors(in_prague, address, data) == {"published_at": [TWICE]}
    html = in_prague.post(address, data).content.decode()
    assert '<option value="+02:00">02:30 CEST (UTC+02:00)</option>' in html
    assert '<option value="+01:00">02:30 CET (UTC+01:00)</option>' in html


@pytest.mark.parametrize(("chosen", "hour"), [("+02:00", 0), ("+01:00", 1)])
def test_time_of_a_repeated_hour_chosen__is_saved(
    in_prague: Client, chosen: str, hour: int
) -> None:
    course = CourseFactory.create()
    address = url(Course, "change", course.pk)
    parts = {"published_at_0": "2025-10-26", "published_at_1": "02:30", "published_at_2": chosen}
    in_prague.post(address, page_data(in_prague, address) | parts)
    assert published(course) == datetime(2025, 10, 26, hour, 30, tzinfo=UTC)


def test_other_occurrence_of_a_repeated_hour_chosen__is_a_change(in_prague: Client) -> None:
    course = CourseFactory.create(published_at=FIRST)
    address = url(Course, "change", course.pk)
    data = sent_in("Europe/Prague", in_prague, address) | {"published_at_2": "+01:00"}
    in_prague.post(address, data)
    assert published(course) == datetime(2025, 10, 26, 1, 30, tzinfo=UTC)


# (zone, typed, chosen, the moment in UTC or the message)
CLOCKS: list[Any] = [
    ("Europe/Prague", "2025-10-26 02:30:00", "+03:00", TWICE),
    ("Europe/Prague", "2025-10-26 03:00:00", "+02:00", "2025-10-26T02:00:00+00:00"),
    (
        "Europe/Prague",
        "2026-03-29 02:30:00",
        None,
        "Clocks in Europe/Prague do not show 02:30 on 29 March 2026, because they are set forward. "
        "Enter another time, such as 2026-03-29 03:30:00.",
    ),
    ("Australia/Lord_Howe", "2026-04-05 01:45:10", "+10:30", "2026-04-04T15:15:10+00:00"),
    (
        "Australia/Lord_Howe",
        "2026-04-05 01:45:10",
        None,
        "Clocks in Australia/Lord_Howe show 01:45:10 twice on 5 April 2026, because they are set "
        "back. Choose one of the two.",
    ),
    (
        "Pacific/Apia",
        "2011-12-30 12:00:00",
        None,
        "Clocks in Pacific/Apia do not show 12:00 on 30 December 2011, because they are set "
        "forward. Enter another time, such as 2011-12-31 12:00:00.",
    ),
    (
        "America/Sao_Paulo",
        "2018-11-04 00:00:00",
        None,
        "Clocks in America/Sao_Paulo do not show 00:00 on 4 November 2018, because they are set "
        "forward. Enter another time, such as 2018-11-04 01:00:00.",
    ),
    ("Asia/Tokyo", "0001-01-01 00:00:00", None, OUTSIDE),
    ("America/New_York", "9999-12-31 23:59:59", None, OUTSIDE),
]


@pytest.mark.parametrize(("zone", "clock", "chosen", "outcome"), CLOCKS)
def test_clock_time__becomes_a_moment_or_an_error(
    zone: str, clock: str, chosen: str | None, outcome: str
) -> None:
    with timezone.override(ZoneInfo(zone)):
        try:
            moment = MomentField().clean([*clock.split(), chosen])
            found = str(moment and moment.isoformat())
        except ValidationError as refused:
            [found] = refused.messages
    assert found == outcome


@pytest.mark.parametrize(
    ("zone", "choices"),
    [
        ("Australia/Lord_Howe", ["01:45 (UTC+11:00)", "01:45 (UTC+10:30)"]),
        ("Europe/Prague", []),
    ],
)
def test_choice_between_two_moments__is_offered_only_for_a_repeated_time(
    zone: str, choices: list[str]
) -> None:
    with timezone.override(ZoneInfo(zone)):
        context = MomentWidget().get_context("t", datetime(2026, 4, 4, 14, 45, tzinfo=UTC), {})
    groups = context["widget"]["subwidgets"][2]["optgroups"]
    assert [option["label"] for _, options, _ in groups for option in options] == choices


def test_invalid_time__is_shown_as_it_was_typed(in_prague: Client) -> None:
    address = url(Course, "change", CourseFactory.create().pk)
    data = page_data(in_prague, address) | {"published_at_0": "soon", "published_at_1": "25:00"}
    assert errors(in_prague, address, data) == {
        "published_at": ["Enter a valid date.", "Enter a valid time."]
    }
    assert 'value="soon"' in in_prague.post(address, data).content.decode()


# Pages


def test_times_on_a_page__are_all_in_the_zone_that_it_names(in_prague: Client) -> None:
    event = AnalyticsEventFactory.create(timestamp=FIRST, event_type="login")
    html = in_prague.get(url(AnalyticsEvent, "change", event.pk)).content.decode()
    assert " at 2025-10-26 02:30:00" in html
    assert ">26 Oct 2025, 02:30<" in html
    assert "Times are in Europe/Prague." in html


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("Asia/Tokyo", datetime(9999, 12, 31, 23, tzinfo=UTC)),
        ("America/New_York", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_time_at_the_end_of_the_calendar__is_shown_and_stays_as_it_is(
    admin_client: Client, zone: str, moment: datetime
) -> None:
    UserProfileFactory.create(user=User.objects.get(), timezone=zone)
    course = CourseFactory.create(published_at=moment)
    assert admin_client.get(url(Course, "changelist")).status_code == 200
    address = url(Course, "change", course.pk)
    assert admin_client.post(address, sent_in(zone, admin_client, address)).status_code == 302
    assert published(course) == moment


@pytest.mark.parametrize("text", ["20000-01-01 00:00:00+00", "0044-03-15 00:00:00+00 BC"])
def test_time_that_python_does_not_have__is_shown_and_stays_as_it_is(
    admin_client: Client, text: str
) -> None:
    course = CourseFactory.create()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE courses SET published_at = %s::timestamptz", [text])
    assert f">{text}<" in admin_client.get(url(Course, "changelist")).content.decode()
    assert text in b"".join(admin_client.get(url(Course, "export", "csv"))).decode()
    address = url(Course, "change", course.pk)
    data = page_data(admin_client, address) | {"title": "A"}
    assert admin_client.post(address, data).status_code == 302
    assert (str(published(course)), Course.objects.get().title) == (text, "A")


@pytest.mark.parametrize("limit", ["published_at_from=0001-01-01", "published_at_to=9999-12-31"])
def test_range_to_the_end_of_the_calendar__has_all_rows(in_tokyo: Client, limit: str) -> None:
    CourseFactory.create(published_at=FIRST)
    context = context_of(in_tokyo, f"{url(Course, 'changelist')}?{limit}")
    assert context["cl"].queryset.count() == 1


@pytest.mark.parametrize(
    ("zone", "day", "hour"),
    [("America/Sao_Paulo", "2018-11-04", 3), ("America/Havana", "2025-11-02", 4)],
)
def test_range_from_a_day_without_exactly_one_midnight__begins_with_the_day(
    admin_client: Client, zone: str, day: str, hour: int
) -> None:
    UserProfileFactory.create(user=User.objects.get(), timezone=zone)
    begin = datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)
    CourseFactory.create(published_at=begin - timedelta(microseconds=1))
    course = CourseFactory.create(published_at=begin)
    context = context_of(admin_client, url(Course, "changelist"), {"published_at_from": day})
    assert list(context["cl"].queryset) == [course]


# Time zones, languages and currencies


def test_unknown_zone_of_a_profile__stays_and_is_reported(admin_client: Client) -> None:
    profile = UserProfileFactory.create(user=User.objects.get(), timezone="Middle/Earth")
    address = url(UserProfile, "change", profile.pk)
    html = admin_client.get(address).content.decode()
    assert '<option value="Middle/Earth" selected>Middle/Earth (unknown)</option>' in html
    assert "“Middle/Earth” is not in the list. It stays until another value is chosen." in html
    data = page_data(admin_client, address) | {"bio": "A"}
    assert admin_client.post(address, data).status_code == 302
    profile.refresh_from_db()
    assert (profile.timezone, profile.bio) == ("Middle/Earth", "A")


def test_unknown_zone_with_markup_in_the_address__is_escaped(admin_client: Client) -> None:
    html = admin_client.get(url(UserProfile, "add"), {"timezone": "<b>x</b>"}).content.decode()
    assert "“&lt;b&gt;x&lt;/b&gt;” is not in the list." in html
    assert "<b>x</b>" not in html


def test_page_for_a_viewer_with_an_unknown_zone__names_the_zone_that_it_shows(
    admin_client: Client,
) -> None:
    UserProfileFactory.create(user=User.objects.get(), timezone="Middle/Earth")
    html = admin_client.get(url(Course, "changelist")).content.decode()
    assert "Times are in UTC." in html
    assert "Your profile names the time zone “Middle/Earth”, which is unknown." in html
