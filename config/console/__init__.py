"""Behaviour of all commands: one-line errors, questions, interruption, output, wording."""

from config.console.confirmation import ask, check_options
from config.console.driver_errors import (
    driver_error,
    error_reason,
    is_lost,
    is_node_down,
    is_server_lost,
)
from config.console.error_messages import (
    EXIT_STATUS,
    explain,
    explained_errors,
    is_output_error,
)
from config.console.failed_operations import explain_operation, failed_operation
from config.console.output import OutputError, delivered
from config.console.standbys import add_database_option, check_takes_changes, chosen_connection
from config.console.terminal import report_style
from config.console.termination import Terminated, explained_interruption
from config.console.unloaded_migrations import explain_loading
from config.console.wording import (
    counted,
    counted_bytes,
    github_annotation,
    printable,
)

__all__ = [
    "EXIT_STATUS",
    "OutputError",
    "Terminated",
    "add_database_option",
    "ask",
    "check_options",
    "check_takes_changes",
    "chosen_connection",
    "counted",
    "counted_bytes",
    "delivered",
    "driver_error",
    "error_reason",
    "explain",
    "explain_loading",
    "explain_operation",
    "explained_errors",
    "explained_interruption",
    "failed_operation",
    "github_annotation",
    "is_lost",
    "is_node_down",
    "is_output_error",
    "is_server_lost",
    "printable",
    "report_style",
]
