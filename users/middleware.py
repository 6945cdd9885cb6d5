"""Middleware that shows times in the zone of the user's profile."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from users.models import User, UserProfile
from users.time_zones import time_zones


def viewers_time_zone(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Return middleware that activates the user's time zone, or else the project's.

    If the zone of the profile is unknown, `request.unknown_time_zone` is its name.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        name = _zone(request)
        known = name in time_zones()
        request.unknown_time_zone = None if known else name  # type: ignore[attr-defined]
        with timezone.override(ZoneInfo(name) if name and known else None):
            return get_response(request)

    return respond


def _zone(request: HttpRequest) -> str | None:
    """Return the name of the zone in the profile, if there is a profile."""
    if not isinstance(request.user, User):
        return None
    profiles = UserProfile.objects.filter(user=request.user.pk)
    return profiles.values_list("timezone", flat=True).first()
