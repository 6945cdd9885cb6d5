"""The next step after an error of the database, by its SQLSTATE or by words of its message."""

import re
from collections.abc import Mapping

import psycopg
from psycopg import errors

FUNCTION = re.compile(r".*?\w\(.*?\).*")
"""The pattern of a line in an error's context that names the function that raised the error."""
NAME = re.compile(r"(\w+)\(")
CALLED = "It comes from {}, which the operation calls. {}"
CORRECT_CALL = "Correct the call, or the function."
RAISED = (
    "It comes from {}, which a trigger or an event trigger of the database may have called. Change "
    "or disable the trigger (\\dy in psql lists event triggers), or use a role that it allows."
)

type Kind = type[psycopg.Error]

# Errors are found by their class, which psycopg chooses by the SQLSTATE. Servers translate their
# messages (lc_messages).
ENDED: Mapping[Kind, str] = {
    errors.AdminShutdown: "Try again, or check the server's log.",
    errors.CrashShutdown: "Try again, or check the server's log.",
    errors.IdleInTransactionSessionTimeout: (
        "Raise idle_in_transaction_session_timeout for this role."
    ),
    errors.IdleSessionTimeout: "Raise idle_session_timeout for this role, or try again.",
    errors.TransactionTimeout: "Raise transaction_timeout for this role.",
}
"""The errors with which the server ends a session."""
CREATE_FIRST = "Create it first; manage.py verify_schema shows what else differs."
TO_FIX: Mapping[Kind, str] = {
    errors.InsufficientPrivilege: "Let the owner grant it, or use another role in DATABASE_URL.",
    errors.ReadOnlySqlTransaction: (
        "Point DATABASE_URL at the primary server and a role that may write."
    ),
    errors.DependentObjectsStillExist: "Drop the dependent objects, or ask their owner to.",
    errors.DuplicateTable: "Drop or rename it, or point DATABASE_URL at an empty database.",
    errors.DuplicateObject: "Drop or rename it, or point DATABASE_URL at an empty database.",
    errors.DuplicateColumn: "Drop or rename it; manage.py verify_schema shows what else differs.",
    errors.FeatureNotSupported: "Remove the obstacle, or change the migration.",
    errors.InvalidSchemaName: "Create the schema, for example by RunSQL in an earlier migration.",
    errors.UndefinedObject: CREATE_FIRST,
    **ENDED,
}
"""The errors that the user of a command can fix, in addition to OperationalErrors."""
BY_SQLSTATE: Mapping[Kind, str] = {
    errors.UnsafeNewEnumValueUsage: (
        "Use the value in a later migration than the one that adds it."
    ),
    errors.ConnectionFailure: "Start that server of the cluster, or see its log.",
    errors.QueryCanceled: "Raise statement_timeout for this role, or try again later.",
    errors.TooManyConnections: "Try again when fewer sessions are open, or raise max_connections.",
    errors.CannotConnectNow: "Try again when the server is ready.",
    errors.ProgramLimitExceeded: "Shorten the values, or change the migration.",
    errors.DiskFull: "Make room on the server's disk.",
    errors.SerializationFailure: "Try again.",
    errors.DeadlockDetected: "Try again.",
    errors.LockNotAvailable: "Try again when the session that holds the lock has ended.",
    errors.UndefinedTable: CREATE_FIRST,
    errors.UndefinedColumn: CREATE_FIRST,
    errors.UndefinedFunction: "Create it, or cast its arguments to the types that it takes.",
    **TO_FIX,
}
BY_WORDS: Mapping[str, str] = {
    "query_wait_timeout": (
        "PgBouncer had no free connection to the server: migrate needs two at a time, rollback "
        "three. Raise default_pool_size, or point DATABASE_URL at the server itself."
    ),
    "authentication failed": "Correct the user and the password in DATABASE_URL.",
    "no password supplied": "Add the password to DATABASE_URL.",
    "no pg_hba.conf entry": "Let the server's pg_hba.conf allow it, or correct DATABASE_URL.",
    'database ".*" does not exist': "Create it, or correct the name in DATABASE_URL.",
    'role ".*" does not exist': "Create it, or correct the user in DATABASE_URL.",
    "refused": "Start the server, or correct the host and the port in DATABASE_URL.",
    "No such file": "Start the server, or correct the host in DATABASE_URL.",
    "closed the connection|terminating connection": ENDED[errors.AdminShutdown],
    "connection is (lost|closed)": ENDED[errors.AdminShutdown],
    "too many (clients|connections)|connection slots": BY_SQLSTATE[errors.TooManyConnections],
    "timeout expired": "Correct the host and the port in DATABASE_URL, or allow the connection.",
    "invalid response": "Correct the host and the port in DATABASE_URL.",
    "resolve": "Correct the host in DATABASE_URL.",
    "invalid .* value|definition of service": "Correct it in DATABASE_URL.",
    "SSL|certificate": "Correct the SSL parameters in DATABASE_URL, or set up TLS on the server.",
    "or later is required": "Point DATABASE_URL at a newer server.",
    "is applied before its dependency": (
        "Point DATABASE_URL at a database of this project, or at an empty one."
    ),
    # The server has refused the connection, with a message in its own language.
    "connection to server .* failed: ": (
        "Correct the name, the user and the password in DATABASE_URL, or see the server's log."
    ),
}
"""The advice for errors without an SQLSTATE, by a pattern of the message. The first match is used.

Errors of connecting have no SQLSTATE. libpq's own messages are in English, because Python does not
call setlocale() for LC_MESSAGES.
"""


def next_step(message: str, error: psycopg.Error | None = None, sql: str = "") -> str:
    """Return the advice for an error with `message`, or ''. `sql` caused the error."""
    if not error:
        return _by_words(message)
    if function := raising_function(error):
        if _is_called(error, sql):
            step = _by_sqlstate(error) or error.diag.message_hint or CORRECT_CALL
            return CALLED.format(function, step)
        return f"{RAISED.format(function)} {_by_sqlstate(error)}".strip()
    is_of_connection = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    # Messages of other errors name objects, such as the table certificates.
    words = _by_words(message) if is_of_connection else ""
    return _by_sqlstate(error) or words or error.diag.message_hint or ""


def _by_sqlstate(error: psycopg.Error) -> str:
    if isinstance(error, errors.InsufficientPrivilege) and error.diag.message_hint:
        return error.diag.message_hint
    return next((step for kind, step in BY_SQLSTATE.items() if isinstance(error, kind)), "")


def _by_words(message: str) -> str:
    return next((step for words, step in BY_WORDS.items() if re.search(words, message)), "")


def _is_called(error: psycopg.Error, sql: str) -> bool:
    """Return whether `sql` calls the first or the last function in the context of the error."""
    lines = str(error.diag.context).splitlines()
    # A line may also quote a statement of the function, which may call other functions.
    names = [name for line in (lines[0], lines[-1]) for name in NAME.findall(line.split('"')[0])]
    return any(re.search(rf"\b{name}\s*\(", sql, re.IGNORECASE) for name in names)


def raising_function(error: psycopg.Error) -> str:
    """Return the function of the database that raised the error, with its line, or ''."""
    if isinstance(error, errors.ConnectionFailure):  # the function is internal to Citus
        return ""
    function = FUNCTION.match(error.diag.context or "")
    return function[0] if function else ""
