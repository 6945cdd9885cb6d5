"""Times in the current zone, and times that Python cannot represent."""

from datetime import UTC, datetime
from typing import Any, Self

from django.utils import timezone
from psycopg import Connection, DataError
from psycopg.postgres import types
from psycopg.pq import Format

ZONED = types["timestamptz"].oid


def local_time(moment: datetime) -> datetime:
    """Return `moment` in the current zone, or in UTC if Python cannot represent the local time."""
    try:
        return timezone.localtime(moment)
    except OverflowError:
        return moment.astimezone(UTC)


def minute(moment: object) -> str:
    """Return `moment` in the current zone, to the minute, for use in `__str__()`."""
    if not isinstance(moment, datetime):  # PostgreSQL sets the time when the row is saved
        return "not saved yet"
    return f"{local_time(moment):%Y-%m-%d %H:%M}"


class FarTime(datetime):
    """A time before the year 1 or after 9999, which Python cannot represent.

    A FarTime compares like the first or last day of `datetime`. It is printed, saved and exported
    as the text that PostgreSQL writes.
    """

    text: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the time that PostgreSQL writes as `text`."""
        is_early = text.endswith("BC") or text == "-infinity"
        day = (1, 1, 1) if is_early else (9999, 12, 31)
        moment = cls(*day, tzinfo=UTC)
        moment.text = text
        return moment

    def isoformat(self, *_: Any) -> str:
        return self.text

    def __format__(self, _: str) -> str:
        return self.text

    def astimezone(self, *_: Any) -> Self:
        return self

    def replace(self, *_: Any, **__: Any) -> Self:
        return self


def read_far_times(connection: Connection[Any]) -> None:
    """Make `connection` read a time as FarTime if Python cannot represent the time."""
    loader: Any = connection.adapters.get_loader(ZONED, Format.TEXT)

    class Loader(loader):  # type: ignore[misc]
        """Django's loader, which reads a time as FarTime instead of raising DataError."""

        def load(self, data: Any) -> datetime:
            try:
                return super().load(data)  # type: ignore[no-any-return]
            except DataError:
                return FarTime.of(bytes(data).decode())

    connection.adapters.register_loader("timestamptz", Loader)
