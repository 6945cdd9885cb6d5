"""Middleware that shows times in the zone of the user's profile."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from users.models import User, UserProfile


def viewers_time_zone(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Return middleware that activates the user's time zone, or else the project's."""

    def respond(request: HttpRequest) -> HttpResponse:
        with timezone.override(_zone(request)):
            return get_response(request)

    return respond


def _zone(request: HttpRequest) -> ZoneInfo | None:
    """Return the zone of the profile; None if there is no profile or no such zone."""
    if not isinstance(request.user, User):
        return None
    profiles = UserProfile.objects.filter(user=request.user.pk)
    name = profiles.values_list("timezone", flat=True).first()
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, OSError, ValueError):  # the column accepts any text
        return None
