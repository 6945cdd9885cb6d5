"""Messages about migrations that cannot be loaded. The traceback contains the path of the file."""

import traceback

from django.db.migrations.exceptions import CircularDependencyError, NodeNotFoundError


def explain_loading(error: BaseException) -> str | None:
    """Return the reason why migrations cannot be loaded, or None for another error."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    paths = filter(None, (frame.f_locals.get("migration_path") for frame in frames))
    if path := next(paths, None):
        subject = f"Migration {path}"
    elif isinstance(error, NodeNotFoundError | CircularDependencyError):
        subject = "The graph of migrations"
    elif isinstance(error, ValueError) and "declared with a lazy reference" in str(error):
        subject = "The models of the migrations"
    else:
        return None
    reason = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
    return f"{subject} cannot be loaded. {reason}. Correct it."
