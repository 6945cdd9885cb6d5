"""What is typed behind a command, made into what it stands for. Each raises DemoError."""

from datetime import date

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from config.demo.errors import DemoError
from config.demo.plan import LARGEST, SCALES

HIGHEST_SEED = 999_999_999


def parse_scale(text: str) -> int:
    """The number of enrollments."""
    if text in SCALES:
        return SCALES[text]
    number = parse_number(text)
    if number is None or not 1 <= number <= LARGEST:
        raise DemoError(
            f"There is no scale {text!r}. Write {', '.join(SCALES)}, or a number of enrollments "
            f"from 1 to {LARGEST}."
        )
    return number


def parse_seed(text: str) -> int:
    number = parse_number(text)
    if number is None or number > HIGHEST_SEED:
        raise DemoError(f"The seed is {text!r}. Write a whole number from 0 to {HIGHEST_SEED}.")
    return number


def parse_number(text: str) -> int | None:
    """Digits only, and not so many that they would mean to be a nuisance."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def parse_until(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 2000 <= day.year <= 2100:
        raise DemoError(f"There is no day {text!r}. Write YYYY-MM-DD, from 2000 to 2100.")
    return day


def connection_named(alias: str) -> BaseDatabaseWrapper:
    if alias not in connections.settings:
        known = ", ".join(connections.settings)
        raise DemoError(f"There is no database {alias!r}. There are: {known}.")
    return connections[alias]
