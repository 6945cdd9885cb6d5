"""The progress bar of seed_demo in a terminal."""

from collections import Counter

from django.core.management.base import OutputWrapper

from config.demo.platform import Platform

BAR_WIDTH = 30
CLEAR_LINE = "\r\x1b[K"


class ProgressBar:
    """A bar of the enrollments that are written, and after them of the events."""

    def __init__(self, out: OutputWrapper, platform: Platform, *, visible: bool) -> None:
        self.out, self.platform, self.visible = out, platform, visible

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *_: object) -> None:
        self.show("")

    def __call__(self, written: Counter[str]) -> None:
        if events := written["analytics_events"]:
            self.show(filled(events, self.platform.log.count, "events"))
        else:
            total = self.platform.plan.enrollments
            self.show(filled(written["enrollments"], total, "enrollments"))

    def show(self, line: str) -> None:
        if self.visible:
            self.out.write(CLEAR_LINE + line, ending="")
            self.out.flush()


def filled(done: int, total: int, what: str) -> str:
    width = BAR_WIDTH * done // total
    bar = "#" * width + "." * (BAR_WIDTH - width)
    return f"[{bar}] {100 * done // total:3} %  {done:,} of {total:,} {what}"
