"""The reason of an error in one line."""

from config.console import driver_error


def error_reason(error: Exception, otherwise: str) -> str:
    """Return PostgreSQL's message and detail, or `otherwise` if the error is not PostgreSQL's."""
    if cause := driver_error(error):
        parts = [cause.diag.message_primary or str(cause), cause.diag.message_detail]
        otherwise = ": ".join(part.rstrip(".") for part in parts if part)
    return " ".join(otherwise.split()).rstrip(".")
