"""The style and the width of a report on a terminal."""

from shutil import get_terminal_size

from django.core.management.base import BaseCommand
from django.core.management.color import Style, no_style

FILE_WIDTH, MAX_WIDTH = 100, 120  # characters in a line


def report_style(command: BaseCommand, *, force_color: bool) -> tuple[Style, int]:
    """Return the style and the width of a report. By default, only a terminal gets colours."""
    is_colored = force_color or command.stdout.isatty()
    width = min(get_terminal_size((FILE_WIDTH, 24)).columns, MAX_WIDTH)
    return (command.style if is_colored else no_style()), width
