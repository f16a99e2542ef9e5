from django.contrib import admin
from django.urls import path

from django_site import views

urlpatterns = [
    path("", views.index),
    path("token", views.token),
    path("upload", views.upload),
    path("stream", views.stream),
    path("file", views.file),
    path("count", views.count),
    path("whoami", views.whoami),
    path("error", views.error),
    path("admin/", admin.site.urls),
]
