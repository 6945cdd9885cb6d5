"""Enrollments in courses, progress in lessons, and certificates."""

from django.apps import AppConfig


class EnrollmentsConfig(AppConfig):
    name = "enrollments"
    verbose_name = "Enrollments"
