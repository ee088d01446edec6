"""Every address. Each view says who may call it; `docs/permissions.md` lists them all."""

from django.urls import include, path

from amends.web.project import views

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("amends.web.accounts.urls")),
    path("system/", views.system, name="system"),
    path("live/", views.live, name="live"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]

handler400 = "amends.web.ui.errors.bad_request"
handler403 = "amends.web.ui.errors.not_allowed"
handler404 = "amends.web.ui.errors.not_found"
handler500 = "amends.web.ui.errors.server_error"
