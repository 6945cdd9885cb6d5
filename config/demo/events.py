"""Events, and the files in which they wait until they can be put in order of time."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO

from config.demo.chance import Chance, stamp

TABLE = "analytics_events"
COLUMNS = ("id", "user_id", "event_type", "event_data", "timestamp")
BUCKET = 5  # leading digits of an id; those of three days have the same
IN_MEMORY = 1_000  # lines of a bucket, before they go into its file


class EventLog(ExitStack):
    """Events go in as they are made, course by course, and come out in order of time.

    So they lie in the table as they would have arrived, on which its block range index depends.
    They are by far the most, hence no dictionaries but lines as COPY reads them. A line begins with
    the id, and ids sort by time: lines are all that has to be sorted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.waiting: defaultdict[str, list[str]] = defaultdict(list)
        self.files: dict[str, IO[str]] = {}

    def add(
        self, chance: Chance, moment: int, user: str | None, what: str, data: str = "{}"
    ) -> None:
        """`data` is JSON without escapes, the same for many events."""
        key = chance.uuid(moment)
        lines = self.waiting[key[:BUCKET]]
        lines.append(f"{key}\t{user or '\\N'}\t{what}\t{data}\t{stamp(moment)}\n")
        self.count += 1
        if len(lines) == IN_MEMORY:
            self.write(key[:BUCKET], lines)

    def write(self, bucket: str, lines: list[str]) -> None:
        if bucket not in self.files:
            file = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (closed with the log)
            self.files[bucket] = self.enter_context(file)
        self.files[bucket].writelines(lines)
        lines.clear()

    def in_order(self) -> Iterator[list[str]]:
        """The lines of some days at a time."""
        for bucket in sorted(self.waiting):
            lines = self.waiting.pop(bucket)
            if file := self.files.pop(bucket, None):
                file.seek(0)
                lines += file
                file.close()
            lines.sort()
            yield lines
