"""Addresses of the intake app."""

from django.urls import path

from amends.web.intake import views

app_name = "intake"
urlpatterns = [
    path("", views.signals, name="signals"),
    path("total/", views.total, name="total"),
    path("quarantine/", views.quarantine, name="quarantine"),
    path("<slug:signal_id>/", views.signal, name="signal"),
]
