"""Settings, read top to bottom; what differs between machines comes from the environment.

`.env.example` lists every variable. Values in a file `.env` beside manage.py are taken too.
"""

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environ import Env

from config.database.url import EXAMPLE, parse_database_url

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.read_env(BASE_DIR / ".env")

# A fresh clone is for developing; production says DEBUG=off, and `check --deploy` insists on it.
DEBUG: bool = env.bool("DEBUG", default=True)
SECRET_KEY: str = env.str("SECRET_KEY", default="insecure: for development only" if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set, and DEBUG is off. Set it to a long random value that only this "
        "installation knows."
    )
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])

INSTALLED_APPS = [
    "config.database",
    "users",
    "courses",
    "enrollments",
    "assessments",
    "communication",
    "notifications",
    "analytics",
    "payments",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Database: DATABASE_URL, or a PostgreSQL that the project brings along.


def _external(url: str) -> dict[str, Any]:
    database = parse_database_url(url)
    # A cursor on the server outlives its transaction, and PgBouncer in transaction mode loses it;
    # without them .iterator() fetches all rows at once.
    database["DISABLE_SERVER_SIDE_CURSORS"] = not env.bool("DATABASE_SERVER_SIDE_CURSORS", False)
    if size := env.int("DATABASE_POOL_SIZE", default=0):
        database["OPTIONS"]["pool"] = {"min_size": min(size, 2), "max_size": size}
    else:
        database["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=0)
    database["CONN_HEALTH_CHECKS"] = True
    return database


def _embedded() -> dict[str, Any]:
    if not DEBUG:
        raise ImproperlyConfigured(
            "DATABASE_URL is not set, and DEBUG is off: the embedded PostgreSQL is for development "
            f"only. Set DATABASE_URL to {EXAMPLE}."
        )
    directory = Path(env.str("EMBEDDED_POSTGRES_DIR", default=".postgres")).expanduser()
    return {
        "ENGINE": "config.database.embedded",
        "NAME": "learning_platform",
        "EMBEDDED_DATABASE": "learning_platform",
        "EMBEDDED_POSTGRES_DIR": BASE_DIR / directory,
    }


database_url: str = env.str("DATABASE_URL", default="")
DATABASES = {"default": _external(database_url) if database_url else _embedded()}
# PostgreSQL understands both ways of sending parameters, and so does everything in this project.
DATABASES["default"].setdefault("OPTIONS", {})["server_side_binding"] = env.bool(
    "DATABASE_SERVER_SIDE_BINDING", default=False
)

# Patterns for names of objects, and of tables, that verify_schema shall not compare: what else is
# in a database that is shared.
VERIFY_SCHEMA_IGNORE: list[str] = env.list("VERIFY_SCHEMA_IGNORE", default=[])

# Accounts

AUTH_USER_MODEL = "users.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Language and time

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# Web

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"

if not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    if env.bool("BEHIND_TLS_PROXY", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
