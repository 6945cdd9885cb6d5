from django.apps import AppConfig


class RollbackConfig(AppConfig):
    name = "config.rollback"
