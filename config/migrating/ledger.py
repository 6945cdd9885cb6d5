"""The table in which Django records the migrations that are applied."""

LEDGER = "django_migrations"
