"""Addresses of the classify app."""

from django.urls import URLPattern

app_name = "classify"
urlpatterns: list[URLPattern] = []
