"""The manual's web backends against the fleet: Django by task name alone, FastAPI with the client."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fleet import InProcess


def example(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, Path("deploy/examples") / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Django finds its urls by this name
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def web(fleet: InProcess) -> Iterator[TestClient]:
    assert fleet
    with TestClient(example("fastapi_app").app) as client:
        yield client


def test_fastapi_answers_chat_and_takes_feedback(web: TestClient, fleet: InProcess, tenant: str) -> None:
    asked = {"messages": [{"role": "user", "content": "Do you ship to Norway?"}], "tenant": tenant, "user": "u-1"}
    answer = web.post("/chat", json=asked).json()
    assert (answer["source"], answer["model"]) == ("model", "gpt-4o-mini")
    until(lambda: web.post("/chat", json=asked).json()["source"] == "exact")
    correction = {"job_id": answer["job_id"], "rating": "wrong", "correction": "Yes, within a week."}
    assert web.post("/feedback", json={**correction, "tenant": tenant, "user": "u-2"}).json()["known"] is False
    done = web.post("/feedback", json={**correction, "tenant": tenant, "user": "u-1"}).json()
    assert (done["own"], done["waits"], done["corrected"]) == (True, True, False)
    again = web.post("/chat", json=asked).json()
    assert (again["source"], again["text"]) == ("exact", "Yes, within a week.")
    assert web.post("/chat", json={**asked, "user": "u-2"}).json()["text"] == answer["text"]
    assert fleet.runtime.accounts.totals(tenant, 2)


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ({"messages": []}, 422, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, 422, "messages[0].role"),
        ({}, 422, "messages"),
    ],
)
def test_fastapi_names_what_is_wrong(web: TestClient, asked: dict[str, Any], status: int, says: str) -> None:
    found = web.post("/chat", json=asked)
    assert found.status_code == status
    assert says in found.text


@pytest.mark.usefixtures("fleet")
def test_django_needs_celery_alone() -> None:
    import django
    from django.conf import settings
    from django.test import Client

    module = example("django_app")
    settings.configure(**{name: getattr(module, name) for name in ("SECRET_KEY", "ALLOWED_HOSTS", "ROOT_URLCONF")})
    django.setup()
    web = Client(SERVER_NAME="127.0.0.1")
    sent = web.post("/ask", json.dumps({"question": "Do you gift-wrap parcels?"}), content_type="application/json")
    job_id = sent.json()["job_id"]
    assert sent.status_code == 202
    until(lambda: web.get(f"/answer/{job_id}").status_code == 200)
    answer = web.get(f"/answer/{job_id}").json()
    assert (answer["job_id"], answer["source"]) == (job_id, "model")
