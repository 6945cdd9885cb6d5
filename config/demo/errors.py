"""What a person can set right."""


class DemoError(Exception):
    """Why nothing was done, and what to do about it, in a line."""


class HasDataError(DemoError):
    """The database is not empty."""
