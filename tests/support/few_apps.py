"""Names only, so that a process can install these apps instead of all."""

from django.conf import settings

NEEDED = (
    "config.postgres",
    "config.hazards",
    "config.migrating",
    "config.rollback",
    "config.drift",
    "users",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
)
FEW_APPS = [name for name in settings.INSTALLED_APPS if name in NEEDED]
"""What migrates, and the accounts; all tables cost three times as much."""
