"""A Django project in one file; nothing in it knows of Slotway.

python -m slotway django_app:app
python -m slotway django_app:wsgi_app --threads 4
"""

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

if not settings.configured:
    settings.configure(
        SECRET_KEY="for an example only",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
    )


def hello(request: HttpRequest, name: str) -> HttpResponse:
    """A path parameter."""
    return HttpResponse(f"hello, {name}")


async def later(request: HttpRequest) -> HttpResponse:
    """An asynchronous view."""
    return JsonResponse({"method": request.method, "query": request.GET.dict()})


urlpatterns = [path("hello/<str:name>", hello), path("later", later)]

app = get_asgi_application()
wsgi_app = get_wsgi_application()
