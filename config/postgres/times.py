"""Times of PostgreSQL in the zone of the viewer."""

from datetime import UTC, datetime

from django.utils import timezone


def local_time(moment: datetime) -> datetime:
    """Return the moment in the current zone, or in UTC where Python's years 1 to 9999 end."""
    try:
        return timezone.localtime(moment)
    except OverflowError:
        return moment.astimezone(UTC)
