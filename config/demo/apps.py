"""The app of the commands seed_demo and make_admin, which has no tables."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "config.demo"
    label = "demo"
    verbose_name = "Demonstration data"
