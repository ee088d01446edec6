"""Addresses of sources: where signals come from."""

from django.urls import path

from amends.web.intake import source_views

app_name = "sources"
urlpatterns = [
    path("", source_views.sources, name="sources"),
    path("<str:name>/", source_views.source, name="source"),
]
