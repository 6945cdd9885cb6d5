"""The few apps that most tests of migrations install."""

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
"""The apps of the commands, and accounts. Migrating all apps takes three times as long."""

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
"""The source of a manage.py with these apps only."""
