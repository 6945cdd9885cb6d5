"""What other rooms do before migrate or rollback begins, and when migrate has ended well."""

from django.dispatch import Signal

migrating = Signal()
"""Sent with `waits`, under whose lock the receivers run, before anything is done.

A rollback sends it in its transaction, and in that of its rehearsal.
"""
migrated = Signal()
"""Sent with `waits`, under whose lock the receivers run, and `say`, which prints a line."""
