"""Runs of manage.py partitions in the process of the test."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError


def partitions(*arguments: object, verbosity: int = 1) -> list[str]:
    """Return the lines that the command prints."""
    out = StringIO()
    call_command("partitions", *map(str, arguments), stdout=out, verbosity=verbosity)
    return out.getvalue().splitlines()


def refusal(*arguments: object) -> str:
    """Return the message of a run that fails."""
    with pytest.raises(CommandError) as error:
        partitions(*arguments)
    return str(error.value)
