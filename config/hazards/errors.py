"""The error of a check that cannot be completed, and its message."""


class HazardError(Exception):
    """The error if migrations, their SQL or the output of squawk cannot be read."""


def on_one_line(error: BaseException) -> str:
    """Return an unexpected error on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
