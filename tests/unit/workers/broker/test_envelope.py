"""What is wrong with a broker message is named before Celery sees it, and quotes nothing of it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from celery import Celery
from hypothesis import given
from hypothesis import strategies as st

from workers.broker import envelope
from workers.broker.envelope import DEATHS, Malformed

EMBED = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
SECRET = "jane.roe@example.org"


def message(body: Any = None, *, raw_body: str | None = None, drop: str = "", **headers: Any) -> dict[str, Any]:
    held = [[{"secret": SECRET}], {}, EMBED] if body is None else body
    head = {"task": "chat.classify", "id": "i-1", "retries": 0, "timelimit": [None, None], "eta": None, **headers}
    head.pop(drop, None)
    encoded = base64.b64encode(json.dumps(held).encode()).decode() if raw_body is None else raw_body
    return {
        "body": encoded,
        "content-type": "application/json",
        "headers": head,
        "properties": {"delivery_info": {"routing_key": "classify"}, "body_encoding": "base64"},
    }


def raw(*args: Any, **kwargs: Any) -> bytes:
    return json.dumps(message(*args, **kwargs)).encode()


def test_what_celery_sends_is_read() -> None:
    app = Celery("x", broker="memory://localhost", set_as_current=False)
    signature = app.signature("a.b", args=(1,), countdown=5) | app.signature("a.c", link=app.signature("a.d"))
    signature.apply_async(queue="envelopes", expires=60, time_limit=9, headers={"shop": "x"}, priority=3)
    with app.connection_for_read() as connection:
        sent = connection.channel()._get("envelopes")
    found = envelope.read(json.dumps(sent).encode())
    assert found.message["headers"]["task"] == "a.b"
    assert found.body[0] == [1]
    assert found.body[2]["chain"][0]["task"] == "a.c"
    assert found.deaths == 0


BODIES: dict[str, Any] = {
    "a number": 7,
    "an object": {"a": 1},
    "two": [[], {}],
    "null args": [None, None, None],
    "junk in the chain": [[], {}, {**EMBED, "chain": [{"task": 5}, "junk"]}],
    "a text as callback": [[], {}, {**EMBED, "callbacks": ["junk"]}],
    "an object as errbacks": [[], {}, {**EMBED, "errbacks": {"task": "x"}}],
    "a text as chord": [[], {}, {**EMBED, "chord": "x"}],
    "options that are none": [[], {}, {**EMBED, "chain": [{"task": "a", "options": 3}]}],
}
HEADERS: dict[str, dict[str, Any]] = {
    "timelimit": {"timelimit": "soon"},
    "timelimit of one": {"timelimit": [1]},
    "timelimit a number": {"timelimit": 5},
    "retries": {"retries": "many"},
    "retries true": {"retries": True},
    "eta": {"eta": "yesterday-ish"},
    "expires": {"expires": {"a": 1}},
    "id": {"id": 17},
    "root": {"root_id": 17},
    "no task": {"drop": "task"},
    "no id": {"drop": "id"},
    "compressed": {"compression": "application/x-gzip"},
    "stamps": {"stamps": [1]},
}
WHOLE: dict[str, bytes] = {
    "a text": b"hello, this is no JSON",
    "a list": b"[1, 2, 3]",
    "a number": b"7",
    "nothing": b"",
    "nul": b"\x00\x00",
    "not UTF-8": b"\xff\xfe{",
    "deep": b"[" * 20_000 + b"]" * 20_000,
    "large": b'"' + b"x" * envelope.MOST_CHARS + b'"',
    "no properties": json.dumps({k: v for k, v in message().items() if k != "properties"}).encode(),
    "no headers": json.dumps({**message(), "headers": None}).encode(),
    "no delivery info": json.dumps({**message(), "properties": {}}).encode(),
    "pickle": json.dumps({**message(), "content-type": "application/x-python-serialize"}).encode(),
    "not base64": raw(raw_body="!!!not base64!!!"),
    "a body that is not JSON": raw(raw_body=base64.b64encode(b"\xff\xfe{{").decode()),
    "a deep body": raw(raw_body=base64.b64encode(b"[" * 20_000 + b"]" * 20_000).decode()),
    "a body that is no text": json.dumps({**message(), "body": 3}).encode(),
}
BAD = {
    **WHOLE,
    **{f"body: {name}": raw(body) for name, body in BODIES.items()},
    **{f"header: {name}": raw(**given) for name, given in HEADERS.items()},
}


@pytest.mark.parametrize("name", BAD)
def test_what_would_stop_a_worker_is_refused(name: str) -> None:
    with pytest.raises(Malformed) as caught:
        envelope.read(BAD[name])
    assert SECRET not in caught.value.reason
    assert len(caught.value.reason) < 100


def test_whose_it_is_is_known_where_it_says_so() -> None:
    with pytest.raises(Malformed) as caught:
        envelope.read(raw([[], {}]))
    assert caught.value.task_id == "i-1"


@pytest.mark.parametrize(("said", "means"), [(2, 2), (0, 0), ("3", 0), (True, 0), (-1, 0), (None, 0)])
def test_deaths_are_a_header_that_anybody_may_have_written(said: Any, means: int) -> None:
    assert envelope.read(raw(**{DEATHS: said})).deaths == means


LEAVES = st.none() | st.booleans() | st.integers() | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(VALUES)
def test_no_json_does_more_than_be_refused(value: Any) -> None:
    for whole in (value, {**message(), "headers": value}, {**message(), "properties": value}):
        with pytest.raises(Malformed):
            envelope.read(json.dumps(whole).encode())
