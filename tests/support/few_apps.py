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

MANAGE_FEW_APPS = """
import os, sys
sys.argv[0] = "manage.py"
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
from django.conf import settings
from tests.support.few_apps import FEW_APPS
settings.INSTALLED_APPS = FEW_APPS
import manage
manage.main()
"""
"""A program that does what manage.py does, with these apps."""
