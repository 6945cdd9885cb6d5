"""Where the current code reads."""

import logging
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import driver_error, is_lost
from config.replica.health import ALIAS, HEALTH, is_configured
from config.replica.watch import watched

logger = logging.getLogger(__name__)

pinned: ContextVar[bool] = ContextVar("pinned", default=False)
"""Whether the request reads on the primary only."""
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
            HEALTH.doubt()
        finally:
            _on_replica.reset(token)
        result = function(*args, **kwargs)
        _log(failure)
        return result

    return read


def _log(failure: Error) -> None:
    """Log what only the replica refuses; if it is gone, that is logged when it is left out."""
    if not is_lost(failure):
        reason = str(driver_error(failure) or failure).partition("\n")[0]
        logger.warning("A read failed on the replica, the primary was read: %s.", reason)


def _may_read() -> bool:
    """Return whether to try the replica. A transaction on the primary reads what it has written."""
    if not is_configured() or pinned.get() or connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return False
    return HEALTH.status().is_fit
