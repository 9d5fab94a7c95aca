"""A Django site with its admin, CSRF protection, sessions and static files."""

import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="of the test, and nowhere else of any use",
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["SITE_DATABASE"]}
    },
    STATIC_URL="/static/",
    USE_TZ=True,
)
django.setup()

from django.contrib import admin  # noqa: E402
from django.contrib.staticfiles.views import serve  # noqa: E402
from django.core.handlers.asgi import ASGIHandler  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse  # noqa: E402
from django.urls import path, re_path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

STATIC = os.environ["SITE_STATIC"]


def count(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return JsonResponse({"visits": request.session["visits"]})


@csrf_exempt
def echo(request):
    return HttpResponse(request.body, content_type=request.content_type or "text/plain")


@csrf_exempt
def upload(request):
    files = [(f.name, f.size, sum(f.read())) for f in request.FILES.getlist("files")]
    return JsonResponse({"files": files, "post": dict(request.POST.lists())})


def protected(request):
    return HttpResponse("only with a token")


def stream(request):
    return StreamingHttpResponse((b"%d\n" % n * 500 for n in range(5)), content_type="text/plain")


def file(request):
    return FileResponse(open(os.path.join(STATIC, "large.bin"), "rb"))


def meta(request, rest):
    names = ["REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "HTTP_X_MANY"]
    shown = {name: request.META.get(name) for name in names}
    return JsonResponse({"rest": rest, "url": request.build_absolute_uri(), **shown})


urlpatterns = [
    path("admin/", admin.site.urls),
    path("count", count),
    path("echo", echo),
    path("upload", upload),
    path("protected", protected),
    path("stream", stream),
    path("file", file),
    path("meta/<path:rest>", meta),
    # Not for production, says Django; the same for both servers, says the test.
    re_path(r"^static/(?P<path>.*)$", serve, {"insecure": True}),
]

wsgi_app = WSGIHandler()
app = ASGIHandler()
