"""Every address. Each view says who may call it; `docs/permissions.md` lists them all."""

from django.conf import settings
from django.urls import include, path

from amends.web.accounts.access import signed_in
from amends.web.detect import events_api
from amends.web.intake.api import api_urls
from amends.web.project import palette, privacy_views, views
from amends.web.ui.gallery import gallery

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("amends.web.accounts.urls")),
    path("signals/", include("amends.web.intake.urls")),
    path("sources/", include("amends.web.intake.source_urls")),
    path("causes/", include("amends.web.classify.urls")),
    path("breakdowns/", include("amends.web.detect.urls")),
    path("alerts/", include("amends.web.alerts.urls")),
    path("cases/", include("amends.web.cases.urls")),
    path("policy/", include("amends.web.cases.policy_urls")),
    path("outcomes/", include("amends.web.track.urls")),
    path("fixes/", include("amends.web.prevent.urls")),
    path("overview/", include("amends.web.reports.urls")),
    path("audit/", include("amends.web.audit.urls")),
    path("system/", views.system, name="system"),
    path("api/v1/events", events_api.send, name="send_events"),
    path("api/v1/", include((api_urls, "api"))),
    path("privacy/", privacy_views.privacy, name="privacy"),
    path("privacy/erase/", privacy_views.erase, name="erase"),
    path("privacy/retention/", privacy_views.retention, name="retention"),
    path("privacy/<int:pk>/", privacy_views.erasure, name="erasure"),
    path("palette/", palette.palette, name="palette"),
    path("live/", views.live, name="live"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]
if settings.DEBUG:
    urlpatterns.append(path("gallery/", signed_in(gallery), name="gallery"))

handler400 = "amends.web.ui.errors.bad_request"
handler403 = "amends.web.ui.errors.not_allowed"
handler404 = "amends.web.ui.errors.not_found"
handler500 = "amends.web.ui.errors.server_error"
