"""Errors that the user of a command can fix."""


class DemoError(Exception):
    """An error whose message says in one line what is wrong and what to do."""


class HasDataError(DemoError):
    """The error that the database is not empty."""
