"""The values of command options. Each function raises CommandError for an invalid value."""

from datetime import date

from django.core.management.base import CommandError

from config.demo.plan import LARGEST_SCALE, SCALES

HIGHEST_SEED = 999_999_999


def parse_scale(text: str) -> int:
    """Return the number of enrollments of a scale."""
    if text in SCALES:
        return SCALES[text]
    number = parse_number(text)
    if number is None or not 1 <= number <= LARGEST_SCALE:
        raise CommandError(
            f"Invalid scale {text!r}. Pass {', '.join(SCALES)}, or a number of enrollments "
            f"from 1 to {LARGEST_SCALE}."
        )
    return number


def parse_seed(text: str) -> int:
    number = parse_number(text)
    if number is None or number > HIGHEST_SEED:
        raise CommandError(f"Invalid seed {text!r}. Pass an integer from 0 to {HIGHEST_SEED}.")
    return number


def parse_number(text: str) -> int | None:
    """Return a number of at most 19 digits, or None."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def parse_until(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 2000 <= day.year <= 2100:
        raise CommandError(f"Invalid day {text!r}. Pass YYYY-MM-DD, from 2000 to 2100.")
    return day
