"""Addresses of sources: where signals come from."""

from django.urls import URLPattern

app_name = "sources"
urlpatterns: list[URLPattern] = []
