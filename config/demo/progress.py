"""A line that fills up, for somebody who waits at a terminal."""

from collections import Counter

from django.core.management.base import OutputWrapper

from config.demo.platform import Platform

WIDTH = 30


class Bar:
    """First of the enrollments, which bring all else, then of the events, which come last."""

    def __init__(self, out: OutputWrapper, platform: Platform) -> None:
        self.out, self.platform = out, platform

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self.out.write("\r\x1b[K", ending="")
        self.out.flush()

    def __call__(self, written: Counter[str]) -> None:
        if self.platform.events:
            self.show("events", written["analytics_events"], self.platform.events)
        else:
            self.show("enrollments", written["enrollments"], self.platform.plan.enrollments)

    def show(self, what: str, done: int, total: int) -> None:
        filled = WIDTH * done // total
        bar = "#" * filled + "." * (WIDTH - filled)
        self.out.write(
            f"\r[{bar}] {100 * done // total:3} %  {done:,} of {total:,} {what}\x1b[K", ending=""
        )
        self.out.flush()
