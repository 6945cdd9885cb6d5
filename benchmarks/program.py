"""The parts that all benchmarks share: settings, arguments and a clock."""

import os
import sys
from collections.abc import Callable
from time import perf_counter

import django


def set_up() -> None:
    """Load the project's settings and apps."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()


def numbers(*defaults: int) -> list[int]:
    """Return the numbers of the command line, and the defaults of missing numbers."""
    given = [int(number) for number in sys.argv[1:]]
    return [*given, *defaults[len(given) :]]


def seconds(run: Callable[[], object]) -> float:
    """Return the seconds that a call of `run` takes."""
    start = perf_counter()
    run()
    return perf_counter() - start
