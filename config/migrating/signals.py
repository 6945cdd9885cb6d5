"""What other rooms do before migrate begins, and when it has ended well."""

from django.dispatch import Signal

migrating = Signal()
"""Sent with `waits`, under whose lock the receivers run, before anything is done."""
migrated = Signal()
"""Sent with `waits`, under whose lock the receivers run, and `say`, which prints a line."""
