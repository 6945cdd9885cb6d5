"""Names and strings as SQL.

With a connection or a schema editor at hand, prefer its quote_name() for names of models and
fields: Django leaves a name alone that is quoted already. Use quote() for names that were read from
the database, in which quotes are part of the name. In a query that is executed at once, pass
strings as parameters; use literal() for SQL that is printed or stored.
"""


def quote(name: str) -> str:
    """Return `name` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """Return `text` as a string literal, or NULL for None."""
    return "NULL" if text is None else "'" + str(text).replace("'", "''") + "'"
