"""Names and strings as SQL.

For names of models and fields, use quote_name() of a connection or a schema editor, which does not
quote a quoted name again. For names from the database, use quote(), because quotes in them are part
of the name. Pass strings to queries as parameters. Where SQL cannot have parameters, use literal().
"""


def quote(name: str) -> str:
    """Return `name` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """Return `text` as a string literal, or NULL for None."""
    return "NULL" if text is None else "'" + str(text).replace("'", "''") + "'"
