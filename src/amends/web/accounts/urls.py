"""Addresses of accounts."""

from django.urls import path

from amends.web.accounts import people_views, views

app_name = "accounts"
urlpatterns = [
    path("log-in/", views.log_in, name="log_in"),
    path("log-in/demo/", views.log_in_demo, name="log_in_demo"),
    path("log-out/", views.log_out, name="log_out"),
    path("welcome/<str:key>/<str:token>/", views.welcome, name="welcome"),
    path("profile/", views.profile, name="profile"),
    path("profile/theme/", views.theme, name="theme"),
    path("profile/password/", views.password, name="password"),
    path("people/", people_views.people, name="people"),
    path("people/new/", people_views.new_person, name="new_person"),
    path("people/<int:pk>/", people_views.person, name="person"),
    path("people/<int:pk>/deactivation/", people_views.deactivation, name="deactivation"),
    path("people/<int:pk>/reactivation/", people_views.reactivation, name="reactivation"),
    path("people/<int:pk>/link/", people_views.new_link, name="new_link"),
    path("teams/", people_views.teams, name="teams"),
]
