"""Commands that fill an empty database. This app has no tables."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "config.demo"
    label = "demo"
    verbose_name = "Demonstration data"
