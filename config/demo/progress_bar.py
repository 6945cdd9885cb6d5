"""The progress bar of seed_demo in a terminal."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import OutputWrapper

from config.demo.loader import Report
from config.demo.platform import Platform

BAR_WIDTH = 30
CLEAR_LINE = "\r\x1b[K"


@contextmanager
def progress_bar(out: OutputWrapper, platform: Platform, visible: bool) -> Iterator[Report]:
    """Show a bar for the written enrollments, and then a bar for the written events."""

    def show(line: str) -> None:
        if visible:
            out.write(CLEAR_LINE + line, ending="")
            out.flush()

    def report(written: Counter[str]) -> None:
        if events := written["analytics_events"]:
            show(filled(events, platform.log.count, "events"))
        else:
            show(filled(written["enrollments"], platform.plan.enrollments, "enrollments"))

    try:
        yield report
    finally:
        show("")


def filled(done: int, total: int, what: str) -> str:
    width = BAR_WIDTH * done // total
    bar = "#" * width + "." * (BAR_WIDTH - width)
    return f"[{bar}] {100 * done // total:3} %  {done:,} of {total:,} {what}"
