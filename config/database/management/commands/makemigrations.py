from django.core.management.commands import makemigrations

from config.database.autodetector import MigrationAutodetector


class Command(makemigrations.Command):
    """makemigrations that writes enum types, too."""

    autodetector = MigrationAutodetector
