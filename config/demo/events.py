"""The log of events, which are kept in files until they can be sorted by time."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO

from config.demo.randomness import Chance, stamp

EVENT_TABLE = "analytics_events"
EVENT_COLUMNS = ("id", "user_id", "event_type", "event_data", "timestamp")
BUCKET_DIGITS = 5
"""The number of leading digits that the ids of a file share. A file has the events of 3 days."""
LINES_IN_MEMORY = 1_000
"""The number of lines of a file that are kept in memory before they are written."""


class EventLog(ExitStack):
    """A log that takes events course by course, and returns them in order of time.

    The events do not fit into memory, so files contain them as lines in the format of COPY. A line
    begins with the id of its event, a UUID that sorts by time. So the lines are sorted as text.
    """

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.moments: list[int] = []
        """The moments of the first and the last event; none if the log is empty."""
        self.waiting: defaultdict[str, list[str]] = defaultdict(list)
        self.files: dict[str, IO[str]] = {}

    def add(
        self, chance: Chance, moment: int, user: str | None, what: str, data: str = "{}"
    ) -> None:
        """Add an event. `data` is JSON without backslashes, because COPY interprets them."""
        key = chance.uuid(moment)
        lines = self.waiting[key[:BUCKET_DIGITS]]
        lines.append(f"{key}\t{user or '\\N'}\t{what}\t{data}\t{stamp(moment)}\n")
        self.count += 1
        if not self.moments or not self.moments[0] <= moment <= self.moments[1]:
            self.moments = [min([moment, *self.moments]), max([moment, *self.moments])]
        if len(lines) == LINES_IN_MEMORY:
            self.write(key[:BUCKET_DIGITS], lines)

    def write(self, bucket: str, lines: list[str]) -> None:
        if bucket not in self.files:
            file = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (closed with the log)
            self.files[bucket] = self.enter_context(file)
        self.files[bucket].writelines(lines)
        lines.clear()

    def in_order(self) -> Iterator[list[str]]:
        """Yield the lines in order of time, a few days at a time."""
        for bucket in sorted(self.waiting):
            lines = self.waiting.pop(bucket)
            if file := self.files.pop(bucket, None):
                file.seek(0)
                lines += file
                file.close()
            lines.sort()
            yield lines
