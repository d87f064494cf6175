"""A Django backend that needs Celery alone: `django-admin runserver --settings django_app`."""

from __future__ import annotations

import json
import os
import uuid
from typing import TYPE_CHECKING

from celery import Celery
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

if TYPE_CHECKING:
    from django.http import HttpResponse

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "only for this example")
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = __name__

TENANT = "web"  # in a server of several tenants: the one of the session
BROKER = os.environ.get("FARTHING_BROKER_URL", "redis://127.0.0.1:6379/0")
celery = Celery("web", broker=BROKER, backend=os.environ.get("FARTHING_RESULT_URL") or BROKER)
celery.conf.update(task_serializer="json", accept_content=["json"])


@csrf_exempt
def ask(request: HttpRequest) -> HttpResponse:
    """Enqueue a question and return the id under which its answer will be found."""
    job = {"messages": [{"role": "user", "content": json.loads(request.body)["question"]}], "tenant": TENANT}
    job_id = str(uuid.uuid4())
    celery.send_task("chat.cache_lookup", [job], queue="cache-lookup", task_id=job_id)
    return JsonResponse({"job_id": job_id}, status=202)


def answer(_: HttpRequest, job_id: str) -> HttpResponse:
    """The answer once it is there; until then, 202."""
    result = celery.AsyncResult(job_id)
    if not result.ready():
        return JsonResponse({"job_id": job_id}, status=202)
    if result.failed():
        return JsonResponse({"error": str(result.result)}, status=502)
    if result.result["tenant"] != TENANT:  # an id from a browser may be anybody's
        return JsonResponse({"error": "no such job"}, status=404)
    return JsonResponse(result.result)


urlpatterns = [path("ask", ask), path("answer/<str:job_id>", answer)]
