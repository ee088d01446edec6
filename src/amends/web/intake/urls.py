"""Addresses of the intake app."""

from django.urls import path

from amends.web.intake import import_views, quarantine_views, views

app_name = "intake"
urlpatterns = [
    path("", views.signals, name="signals"),
    path("total/", views.total, name="total"),
    path("import/", import_views.imports, name="imports"),
    path("import/<int:pk>/", import_views.import_, name="import"),
    path("import/<int:pk>/mapping/", import_views.mapping, name="import_mapping"),
    path("import/<int:pk>/start/", import_views.start, name="import_start"),
    path("import/<int:pk>/cancel/", import_views.cancel, name="import_cancel"),
    path("quarantine/", quarantine_views.quarantine, name="quarantine"),
    path("quarantine/<int:pk>/", quarantine_views.row, name="quarantined_row"),
    path("quarantine/<int:pk>/discarded/", quarantine_views.discarded, name="discarded"),
    path("quarantine/redrives/", quarantine_views.redrives, name="redrives"),
    path("quarantine/redrives/<int:pk>/", quarantine_views.redrive, name="redrive"),
    path("<slug:signal_id>/", views.signal, name="signal"),
]
