"""Signals before migrate or rollback begins, and after migrate has succeeded."""

from django.dispatch import Signal

migrating = Signal()
"""Sent before anything is changed, with `waits`, the LockWaits of the run.

A rollback sends it in its transaction, and in that of its rehearsal.
"""
migrated = Signal()
"""Sent with `waits`, the LockWaits of the run, and `say`, a function that prints a line."""
