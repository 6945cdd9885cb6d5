"""The confirmation, by an option or at the terminal, that data may be destroyed."""

import sys

from django.core.management.base import CommandError, OutputWrapper

IF_SURE = "--noinput --yes-destroy-data"


def check_options(*, is_dangerous: bool, may_destroy_data: bool) -> None:
    """Raise CommandError if data would be destroyed without the option that allows it."""
    if is_dangerous and not may_destroy_data:
        raise CommandError(
            "Data would be destroyed, and --noinput alone does not allow it. Nothing was changed. "
            "Add --yes-destroy-data."
        )


def ask(output: OutputWrapper, database: str, options: str = IF_SURE) -> None:
    """Let the developer confirm by typing the name of the database.

    Raise CommandError for another answer, and KeyboardInterrupt for Ctrl-C. Without a terminal,
    raise CommandError. Its message names `options`, which skip the question.
    """
    if not sys.stdin.isatty():
        raise CommandError(
            f"There is no terminal to ask on. Nothing was changed. Add {options} if you are sure."
        )
    try:
        # input() writes a prompt to stderr.
        output.write(f"\nType the name of the database, {database}, to continue: ", ending="")
        output.flush()
        answer = input()
    except (KeyboardInterrupt, EOFError) as interruption:
        output.write()
        raise KeyboardInterrupt("interrupted. Nothing was changed.") from interruption
    if answer.strip() != database:
        raise CommandError(f"That is not {database}. Nothing was changed.")
