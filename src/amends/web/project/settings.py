"""Django's settings, from the environment (`environment.py`); the defaults are the safe ones.

Importing this module writes nothing and starts nothing: `start.prepared` does.
"""

import pghistory
from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key

from amends.web.project.database import database_settings
from amends.web.project.environment import read_environment
from amends.web.project.home import read_secret_key

ENVIRONMENT = read_environment()

DEBUG = ENVIRONMENT.debug
DEMO = ENVIRONMENT.demo
LIVE = ENVIRONMENT.live
AMENDS_HOME = ENVIRONMENT.home
AMENDS_LAKE = ENVIRONMENT.lake or str(AMENDS_HOME / "lake")
AMENDS_ENGINE = ENVIRONMENT.engine
MOST_WAITING = ENVIRONMENT.most_waiting
LLM_URL, LLM_MODEL, LLM_KEY = ENVIRONMENT.llm_url, ENVIRONMENT.llm_model, ENVIRONMENT.llm_key
LLM_CALLS = ENVIRONMENT.llm_calls
PUBLIC_URL = ENVIRONMENT.origin
TRUST_PROXY = ENVIRONMENT.trust_proxy

# A process that nobody prepared gets a key of its own: safe, though its sessions end with it.
SECRET_KEY = ENVIRONMENT.secret_key or read_secret_key(AMENDS_HOME) or get_random_secret_key()
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if ENVIRONMENT.is_https else []

INSTALLED_APPS = [
    "amends.web.project",
    "amends.web.accounts",
    "amends.web.ui",
    "amends.web.intake",
    "amends.web.classify",
    "amends.web.detect",
    "amends.web.alerts",
    "amends.web.recommend",
    "amends.web.cases",
    "amends.web.track",
    "amends.web.prevent",
    "amends.web.reports",
    "amends.web.audit",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_cotton.apps.SimpleAppConfig",
    "lucide",
    "pghistory",
    "pgtrigger",
    "procrastinate.contrib.django",
    "servestatic",
    "template_partials.apps.SimpleAppConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "amends.web.accounts.middleware.AccessMiddleware",
]

ROOT_URLCONF = "amends.web.project.urls"
ASGI_APPLICATION = "amends.web.project.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": database_settings(ENVIRONMENT)}

_loaders = [
    "django_cotton.cotton_loader.Loader",
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.csrf",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "amends.web.project.navigation.context",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    _loaders if DEBUG else [("django.template.loaders.cached.Loader", _loaders)],
                )
            ],
            "builtins": [
                "amends.web.ui.templatetags.ui",
                "django_cotton.templatetags.cotton",
                "lucide.templatetags.lucide",
                "template_partials.templatetags.partials",
            ],
        },
    }
]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = ENVIRONMENT.time_zone
USE_TZ = True
USE_I18N = False

# People

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "accounts:log_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "accounts:log_in"
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email", "name")}),
    )
]

# Cookies, headers, HTTPS

SESSION_COOKIE_AGE = 7 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.is_https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "amends.web.ui.errors.csrf_failure"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
SECURE_SSL_REDIRECT = ENVIRONMENT.is_https and TRUST_PROXY
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = ENVIRONMENT.hsts_seconds
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src-elem": [SELF],
        # Positions and sizes that are data (treemap tiles, bars) are style attributes.
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
    }
}

# Files from people

UPLOAD_MB = ENVIRONMENT.upload_mb
UPLOADS = AMENDS_HOME / "uploads"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # the mapping of a wide file has a field for each column

# Files for browsers

STATIC_URL = "static/"
STATIC_ROOT = AMENDS_HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "servestatic.storage.CompressedManifestStaticFilesStorage"
    },
}
SERVESTATIC_KEEP_ONLY_HASHED_FILES = True
SERVESTATIC_ALLOW_ALL_ORIGINS = False
SERVESTATIC_USE_ZSTD = False

# Jobs and audit

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
PGHISTORY_APPEND_ONLY = True
PGHISTORY_DEFAULT_TRACKERS = (
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "procrastinate": {"level": "WARNING"},
    },
}
