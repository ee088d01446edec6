"""Addresses of the classify app."""

from django.urls import path

from amends.web.classify import card_views, review_views, views

app_name = "classify"
urlpatterns = [
    path("", views.causes, name="causes"),
    path("model/", card_views.model, name="model"),
    path("model/drift/", card_views.model_drift, name="model_drift"),
    path("model/<int:pk>/", card_views.go_back, name="go_back"),
    path("review/", review_views.review, name="review"),
    path("review/<str:name>/", review_views.review_one, name="review_one"),
    path("review/<str:name>/verdict/", review_views.verdict, name="verdict"),
    path("review/<str:name>/undo/", review_views.undo, name="undo"),
    path("<path:path>/", views.cause, name="cause"),
]
