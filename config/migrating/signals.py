"""Signals before migrate or rollback begins, and after migrate has succeeded."""

from django.dispatch import Signal

migrating = Signal()
"""Sent before the first change, with `waits`, the LockWaits of the run.

A rollback sends the signal in its transaction, and in the transaction of its rehearsal.
"""
migrated = Signal()
"""Sent with `waits`, the LockWaits of the run, and `say`, a function that prints a line."""
