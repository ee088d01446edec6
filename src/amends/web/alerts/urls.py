"""Addresses of the alerts app."""

from django.urls import path

from amends.web.alerts import channel_views, on_call_views, rule_views, views

app_name = "alerts"
urlpatterns = [
    path("", views.alerts, name="alerts"),
    path("<int:pk>/", views.alert, name="alert"),
    path("<int:pk>/acknowledgement/", views.acknowledgement, name="acknowledgement"),
    path("<int:pk>/end/", views.closing, name="closing"),
    path("<int:pk>/judgement/", views.judgement, name="judgement"),
    path("drill/<str:token>/", views.drill, name="drill"),
    path("rules/", rule_views.rules, name="rules"),
    path("rules/new/<str:kind>/", rule_views.new, name="new_rule"),
    path("rules/preview/<str:kind>/", rule_views.preview, name="preview"),
    path("rules/<int:pk>/", rule_views.rule, name="rule"),
    path("rules/<int:pk>/snooze/", rule_views.snooze, name="snooze"),
    path("rules/<int:pk>/switch/", rule_views.switch, name="switch_rule"),
    path("on-call/", on_call_views.on_call, name="on_call"),
    path("on-call/new/", on_call_views.new, name="new_rota"),
    path("on-call/<int:pk>/", on_call_views.rota, name="rota"),
    path("on-call/<int:pk>/override/", on_call_views.override, name="override"),
    path("on-call/override/<int:pk>/removal/", on_call_views.removal, name="override_removal"),
    path("channels/", channel_views.channels, name="channels"),
    path("channels/new/", channel_views.new, name="new_channel"),
    path("channels/drill/", channel_views.drill, name="hold_drill"),
    path("channels/<int:pk>/", channel_views.channel, name="channel"),
    path("channels/<int:pk>/test/", channel_views.test, name="test_channel"),
    path("channels/<int:pk>/switch/", channel_views.switch, name="switch_channel"),
    path("channels/<int:pk>/move/", channel_views.move, name="move_channel"),
]
