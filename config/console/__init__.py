"""Behaviour of all commands: one-line errors, questions, interruption, output, wording."""

from config.console.confirmation import ask, check_options
from config.console.delivery import OutputError, delivered
from config.console.error_messages import (
    EXIT_STATUS,
    driver_error,
    explain,
    explained_errors,
    is_lost,
    is_node_down,
    is_output_error,
)
from config.console.standbys import check_takes_changes, chosen_connection
from config.console.terminal import report_style
from config.console.termination import Terminated, explained_interruption
from config.console.wording import (
    counted,
    counted_bytes,
    github_message,
    github_property,
    printable,
)

__all__ = [
    "EXIT_STATUS",
    "OutputError",
    "Terminated",
    "ask",
    "check_options",
    "check_takes_changes",
    "chosen_connection",
    "counted",
    "counted_bytes",
    "delivered",
    "driver_error",
    "explain",
    "explained_errors",
    "explained_interruption",
    "github_message",
    "github_property",
    "is_lost",
    "is_node_down",
    "is_output_error",
    "printable",
    "report_style",
]
