"""Names and strings as SQL."""


def quote(name: str) -> str:
    """Return `name` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """Return `text` as a string literal, and None as NULL."""
    return "NULL" if text is None else "'" + str(text).replace("'", "''") + "'"
