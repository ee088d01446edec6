"""Addresses of the classify app."""

from django.urls import path

from amends.web.classify import (
    card_views,
    comparing_views,
    review_views,
    taxonomy_views,
    topic_views,
    views,
)

app_name = "classify"
urlpatterns = [
    path("", views.causes, name="causes"),
    path("compare/", comparing_views.side_by_side, name="compare"),
    path("heat/", comparing_views.heat, name="heat"),
    path("model/", card_views.model, name="model"),
    path("model/drift/", card_views.model_drift, name="model_drift"),
    path("model/<int:pk>/", card_views.go_back, name="go_back"),
    path("review/", review_views.review, name="review"),
    path("review/<str:name>/", review_views.review_one, name="review_one"),
    path("review/<str:name>/verdict/", review_views.verdict, name="verdict"),
    path("review/<str:name>/undo/", review_views.undo, name="undo"),
    path("topics/", topic_views.topics, name="topics"),
    path("topics/look-again/", topic_views.look_again, name="look_again"),
    path("topics/<int:pk>/", topic_views.topic, name="topic"),
    path("topics/<int:pk>/cause/", topic_views.make_cause, name="make_cause"),
    path("topics/<int:pk>/dismissal/", topic_views.dismiss, name="dismiss"),
    path("topics/<int:pk>/reopening/", topic_views.reopen, name="reopen"),
    path("taxonomy/", taxonomy_views.taxonomy, name="taxonomy"),
    path("taxonomy/file/", taxonomy_views.export, name="taxonomy_file"),
    path("taxonomy/import/", taxonomy_views.take_file, name="import_taxonomy"),
    path("taxonomy/change/", taxonomy_views.change, name="change_taxonomy"),
    path("taxonomy/draft/", taxonomy_views.draft_panel, name="draft"),
    path("taxonomy/draft/preview/", taxonomy_views.preview, name="preview_draft"),
    path("taxonomy/draft/publication/", taxonomy_views.publish, name="publish_draft"),
    path("taxonomy/draft/discarding/", taxonomy_views.discard, name="discard_draft"),
    path("<path:path>/", views.cause, name="cause"),
]
