"""The error for a month that cannot be made."""

from django.core.management.base import CommandError


class MonthError(CommandError):
    """A month cannot be made, and nothing was changed."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} Nothing was changed. {remedy}")
        self.advice = f"{problem} {remedy}"
        """The problem and the remedy, for callers that have changed something before."""
