"""Addresses of the reports app."""

from django.urls import path

from amends.web.reports import views

app_name = "reports"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("figures/", views.figures, name="figures"),
    path("volume/", views.volume, name="volume"),
    path("alerts/", views.alerts, name="alerts"),
    path("causes/", views.causes, name="causes"),
    path("flow/", views.flow, name="flow"),
    path("cases/", views.cases, name="cases"),
]
