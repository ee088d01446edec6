"""Addresses of the intake app."""

from django.urls import path

from amends.web.intake import quarantine_views, views

app_name = "intake"
urlpatterns = [
    path("", views.signals, name="signals"),
    path("total/", views.total, name="total"),
    path("quarantine/", quarantine_views.quarantine, name="quarantine"),
    path("quarantine/<int:pk>/", quarantine_views.row, name="quarantined_row"),
    path("quarantine/<int:pk>/discarded/", quarantine_views.discarded, name="discarded"),
    path("quarantine/redrives/", quarantine_views.redrives, name="redrives"),
    path("quarantine/redrives/<int:pk>/", quarantine_views.redrive, name="redrive"),
    path("<slug:signal_id>/", views.signal, name="signal"),
]
