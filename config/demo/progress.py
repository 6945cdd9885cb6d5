"""A line that fills up, for somebody who waits at a terminal."""

from collections import Counter

from django.core.management.base import OutputWrapper

from config.demo.platform import Platform

WIDTH = 30
CLEAR = "\r\x1b[K"


class Bar:
    """First of the enrollments, which bring all else, then of the events, which come last."""

    def __init__(self, out: OutputWrapper, platform: Platform, *, visible: bool) -> None:
        self.out, self.platform, self.visible = out, platform, visible

    def __enter__(self) -> "Bar":
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
            self.out.write(CLEAR + line, ending="")
            self.out.flush()


def filled(done: int, total: int, what: str) -> str:
    width = WIDTH * done // total
    bar = "#" * width + "." * (WIDTH - width)
    return f"[{bar}] {100 * done // total:3} %  {done:,} of {total:,} {what}"
