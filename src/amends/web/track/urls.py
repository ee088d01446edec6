"""Addresses of the track app."""

from django.urls import URLPattern

app_name = "track"
urlpatterns: list[URLPattern] = []
