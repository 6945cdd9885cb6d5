"""The errors that the user of a command can fix."""

from django.core.management.base import CommandError


class DemoError(CommandError):
    """An error whose message is one line with the problem and the next step."""


class HasDataError(DemoError):
    """The error for a database that is not empty."""
