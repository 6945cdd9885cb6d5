"""The error for hazards that cannot be found, and its message."""


class HazardError(Exception):
    """Migrations, their SQL or squawk's verdict cannot be read. The message says which and why."""


def on_one_line(error: BaseException) -> str:
    """Return an unexpected error on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
