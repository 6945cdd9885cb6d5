"""Names and strings as SQL.

For names of models and fields, prefer the quote_name() of a connection or a schema editor, which
leaves quoted names alone. Use quote() for names that were read from the database, where quotes are
part of the name. Pass strings to queries as parameters, and use literal() for SQL that is printed
or stored.
"""


def quote(name: str) -> str:
    """Return `name` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """Return `text` as a string literal, or NULL for None."""
    return "NULL" if text is None else "'" + str(text).replace("'", "''") + "'"
