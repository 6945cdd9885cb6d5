"""Events, and the files in which they wait until they can be put in order of time."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO, Any

from config.demo.chance import Chance, stamp
from config.demo.rows import Row

TABLE = "analytics_events"
BUCKET = 5  # leading digits of an id; those of three days have the same
IN_MEMORY = 1_000  # lines of a bucket, before they go into its file


def event(chance: Chance, moment: int, user: str | None, what: str, data: str = "{}") -> Row:
    """`data` is JSON already: most of it is the same for many events."""
    return TABLE, {
        "id": chance.uuid(moment),
        "user_id": user,
        "event_type": what,
        "event_data": data,
        "timestamp": stamp(moment),
    }


class EventSpool(ExitStack):
    """Events go in as they are made, course by course, and come out in order of time.

    So they lie in the table as they would have arrived, on which its block range index depends.
    The ids sort by time, and a line begins with its id: lines are all that has to be sorted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.waiting: defaultdict[str, list[str]] = defaultdict(list)
        self.files: dict[str, IO[str]] = {}

    def add(self, row: dict[str, Any]) -> None:
        key, user, *others = row.values()
        lines = self.waiting[key[:BUCKET]]
        lines.append("\t".join((key, user or "", *others)))
        self.count += 1
        if len(lines) == IN_MEMORY:
            self.write(key[:BUCKET], lines)

    def write(self, bucket: str, lines: list[str]) -> None:
        if bucket not in self.files:
            self.files[bucket] = self.enter_context(TemporaryFile("w+", encoding="utf-8"))  # noqa: SIM115
        self.files[bucket].write("\n".join(lines) + "\n")
        lines.clear()

    def in_order(self) -> Iterator[Row]:
        for bucket in sorted(self.waiting):
            for line in sorted(self.lines(bucket)):
                key, user, what, data, timestamp = line.split("\t")
                yield (
                    TABLE,
                    {
                        "id": key,
                        "user_id": user or None,
                        "event_type": what,
                        "event_data": data,
                        "timestamp": timestamp,
                    },
                )

    def lines(self, bucket: str) -> Iterator[str]:
        yield from self.waiting.pop(bucket)
        if file := self.files.pop(bucket, None):
            file.seek(0)
            yield from (line.rstrip("\n") for line in file)
            file.close()
