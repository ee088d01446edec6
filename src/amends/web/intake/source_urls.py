"""Addresses of sources: where signals come from."""

from django.urls import path

from amends.web.intake import access_views, connect_views, source_views

app_name = "sources"
urlpatterns = [
    path("", source_views.sources, name="sources"),
    path("new/", connect_views.choose, name="choose"),
    path("new/<str:connector>/", connect_views.connect, name="connect"),
    path("<str:name>/", source_views.source, name="source"),
    path("<str:name>/access/", access_views.access, name="access"),
    path("<str:name>/access/tokens/", access_views.new_token, name="new_token"),
    path("<str:name>/access/tokens/<int:pk>/", access_views.revocation, name="revocation"),
    path("<str:name>/access/secret/", access_views.secret, name="secret"),
    path("<str:name>/edit/", connect_views.edit, name="edit"),
    path("<str:name>/pulling/", connect_views.pulling, name="pulling"),
    path("<str:name>/pull/", connect_views.pull_now, name="pull_now"),
    path("<str:name>/pause/", connect_views.pause, name="pause"),
    path("<str:name>/resume/", connect_views.resume, name="resume"),
    path("<str:name>/forget/", connect_views.forget, name="forget"),
]
