"""The choice of the server on which a function reads."""

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg_pool import PoolTimeout

from config.console import driver_error, is_lost
from config.replica.health import ALIAS, HEALTH, is_configured
from config.replica.watch import cut_if_unresponsive

logger = logging.getLogger(__name__)

reads_primary_only: ContextVar[bool] = ContextVar("reads_primary_only", default=False)
"""True if the current request reads only the primary."""
BUSY = "no connection of its pool was free. Raise DATABASE_POOL_SIZE"
SILENT_SECONDS = 60
"""Seconds for which the same reason of a failure is not logged again."""
_logged: dict[str, float] = {}
"""The time when each reason was logged last."""
_on_replica: ContextVar[bool] = ContextVar("on_replica", default=False)


def reader() -> BaseDatabaseWrapper:
    """Return the connection on which the current code reads."""
    return connections[ALIAS if _on_replica.get() else DEFAULT_DB_ALIAS]


def reads_replica[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Let `function` read the replica if the replica is usable, and otherwise the primary.

    If a query fails on the replica, for example because the replica stops, `function` runs again on
    the primary. So `function` must change nothing, and return rows rather than a lazy queryset.
    """

    @wraps(function)
    def read(*args: P.args, **kwargs: P.kwargs) -> R:
        if _on_replica.get() or not _may_read_replica():
            return function(*args, **kwargs)
        token = _on_replica.set(True)
        try:
            with cut_if_unresponsive(reader()):
                return function(*args, **kwargs)
        except Error as error:
            failure = error
            reader().close()  # otherwise a broken connection stays in use until the request ends
            if _is_server_lost(failure):
                HEALTH.suspend()
        finally:
            _on_replica.reset(token)
        result = function(*args, **kwargs)
        _log(failure)
        return result

    return read


def _is_server_lost(failure: Error) -> bool:
    """Return whether the server did not answer. An error of the pool does not count."""
    return is_lost(failure) and not isinstance(driver_error(failure), PoolTimeout)


def _log(failure: Error) -> None:
    """Log a query that only the replica refuses. Health logs a replica that is lost."""
    if _is_server_lost(failure):
        return
    cause = driver_error(failure) or failure
    reason = BUSY if isinstance(cause, PoolTimeout) else str(cause).partition("\n")[0]
    now = time.monotonic()
    if now >= _logged.get(reason, 0) + SILENT_SECONDS:
        _logged[reason] = now
        logger.warning("A read failed on the replica and was repeated on the primary: %s.", reason)


def _may_read_replica() -> bool:
    """Return whether to read the replica. Transactions read their own changes on the primary."""
    in_transaction = connections[DEFAULT_DB_ALIAS].in_atomic_block
    if not is_configured() or reads_primary_only.get() or in_transaction:
        return False
    return HEALTH.status().is_usable
