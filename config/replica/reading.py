"""Where the current code reads."""

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
from config.replica.watch import watched

logger = logging.getLogger(__name__)

pinned: ContextVar[bool] = ContextVar("pinned", default=False)
"""Whether the request reads on the primary only."""
BUSY = "no connection of its pool was free. Raise DATABASE_POOL_SIZE"
SILENT_SECONDS = 60
"""How long the same reason of a failure is not logged again."""
_logged: dict[str, float] = {}
"""When each reason was logged."""
_on_replica: ContextVar[bool] = ContextVar("on_replica", default=False)


def reader() -> BaseDatabaseWrapper:
    """Return the connection on which the current code reads."""
    return connections[ALIAS if _on_replica.get() else DEFAULT_DB_ALIAS]


def reads_replica[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Let `function` read on the replica while that is fit, and on the primary otherwise.

    If a query fails on the replica, which may have been stopped meanwhile, the function runs once
    more on the primary. So it changes nothing, and returns rows rather than a lazy queryset.
    """

    @wraps(function)
    def read(*args: P.args, **kwargs: P.kwargs) -> R:
        if _on_replica.get() or not _may_read():
            return function(*args, **kwargs)
        token = _on_replica.set(True)
        try:
            with watched(reader()):
                return function(*args, **kwargs)
        except Error as error:
            failure = error
            reader().close()  # it may be broken, and would be until the request ends
            if _is_gone(failure):
                HEALTH.doubt()
        finally:
            _on_replica.reset(token)
        result = function(*args, **kwargs)
        _log(failure)
        return result

    return read


def _is_gone(failure: Error) -> bool:
    """Return whether the server did not answer; it may, if only the pool had no free connection."""
    return is_lost(failure) and not isinstance(driver_error(failure), PoolTimeout)


def _log(failure: Error) -> None:
    """Log what only the replica refuses; if it is gone, that is logged when it is left out."""
    if _is_gone(failure):
        return
    cause = driver_error(failure) or failure
    reason = BUSY if isinstance(cause, PoolTimeout) else str(cause).partition("\n")[0]
    now = time.monotonic()
    if now >= _logged.get(reason, 0) + SILENT_SECONDS:
        _logged[reason] = now
        logger.warning("A read failed on the replica, the primary was read: %s.", reason)


def _may_read() -> bool:
    """Return whether to try the replica. A transaction on the primary reads what it has written."""
    if not is_configured() or pinned.get() or connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return False
    return HEALTH.status().is_fit
