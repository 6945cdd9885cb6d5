"""Times of PostgreSQL in the zone of the viewer."""

from datetime import UTC, datetime

from django.utils import timezone


def local_time(moment: datetime) -> datetime:
    """Return the moment in the current zone, or in UTC where Python's years 1 to 9999 end."""
    try:
        return timezone.localtime(moment)
    except OverflowError:
        return moment.astimezone(UTC)


def minute(moment: object) -> str:
    """Return the moment in the current zone, to the minute, as a part of a row's name."""
    if not isinstance(moment, datetime):  # the row is not saved, and the database sets the time
        return "not saved yet"
    return f"{local_time(moment):%Y-%m-%d %H:%M}"
