"""Addresses of sources: where signals come from."""

from django.urls import path

from amends.web.intake import access_views

app_name = "sources"
urlpatterns = [
    path("<str:name>/access/", access_views.access, name="access"),
    path("<str:name>/access/tokens/", access_views.new_token, name="new_token"),
    path("<str:name>/access/tokens/<int:pk>/", access_views.revocation, name="revocation"),
    path("<str:name>/access/secret/", access_views.secret, name="secret"),
]
