"""What other rooms do when migrate has ended well."""

from django.dispatch import Signal

migrated = Signal()
"""Sent with `waits`, under whose lock the receivers run, and `say`, which prints a line."""
