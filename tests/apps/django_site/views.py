import hashlib

from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.middleware.csrf import get_token


def index(request):
    return JsonResponse({"method": request.method, "path": request.path, "scheme": request.scheme})


def token(request):
    return HttpResponse(get_token(request))


def upload(request):
    file = request.FILES["file"]
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return JsonResponse({"name": file.name, "size": file.size, "sha256": digest.hexdigest(), "kind": type(file).__name__})


def stream(request):
    return StreamingHttpResponse((f"line {number}\n" for number in range(1000)), content_type="text/plain")


def file(request):
    return FileResponse(open(__file__, "rb"), content_type="text/plain")


def count(request):
    request.session["count"] = request.session.get("count", 0) + 1
    return JsonResponse({"count": request.session["count"]})


def whoami(request):
    return JsonResponse({"user": request.user.get_username()})


def error(request):
    raise ValueError("an error in a Django view")
