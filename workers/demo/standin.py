"""A stand-in model: the OpenAI protocol over HTTP on loopback, with a real model's delays and token counts."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import threading
import time
import urllib.request
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click

from pipelines.cache import judge_prompt
from pipelines.message import Message
from pipelines.text.tokens import estimate, estimate_prompt
from workers.demo.standin_batches import Batches
from workers.demo.standin_text import MODELS, answer_text, verdict_text
from workers.fleet.children import Children, last_lines
from workers.fleet.embedded_redis import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

# Order of magnitude of a small and a large hosted model; the demo compares before and after on the same ones.
FIRST_TOKEN_S = {"gpt-4o-mini": 0.35, "gpt-4.1-mini": 0.45, "gpt-4o": 0.6}
PER_TOKEN_S = {"gpt-4o-mini": 0.010, "gpt-4.1-mini": 0.012, "gpt-4o": 0.018}
EMBEDDING_DIMENSIONS = 64
KEEPALIVE_EVERY_S = 0.1
START_S = 30.0


@dataclass(frozen=True, slots=True)
class Fault:
    """How one request fails: an HTTP ``status`` with an error ``said``, a ``body`` that is no answer, or is one of type
    ``kind``, a stream ``cut`` short, silence, or comments that keep a connection alive.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    cut: bool = False
    silent_s: float = 0.0
    keepalive_s: float = 0.0
    said: dict[str, Any] | None = None
    kind: str = "text/event-stream"


class StandIn:
    """The model in this process. ``speed`` multiplies its delays: 0 answers at once.

    ``faults`` are used up one per chat request; ``requests`` keeps what was asked. ``meanings`` says what questions
    mean, which a real model would understand by itself: those of one meaning are answered alike.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        port: int = 0,
        faults: Sequence[Fault] = (),
        meanings: Mapping[str, str] | None = None,
    ) -> None:
        self.speed, self.faults, self.requests = speed, deque(faults), list[dict[str, Any]]()
        self.meanings = dict(meanings or {})
        self.voice: Callable[[Sequence[Message]], str] | None = None  # what it says instead, where a test needs to know
        self.batches = Batches(lambda asked: {**_head(asked), "object": "chat.completion", **_whole(asked, self)})
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.model = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class StandInProcess:
    """The model as a process of its own, so that its work does not slow the process that measures it."""

    def __init__(self, *, speed: float = 1.0, meanings: Mapping[str, str] | None = None) -> None:
        self._speed, self._meanings = speed, dict(meanings or {})

    def __enter__(self) -> Self:
        import sys

        port = free_port()
        self.url = f"http://127.0.0.1:{port}/v1"
        self._folder = Path(tempfile.mkdtemp(prefix="farthing-standin-"))
        self._children = Children(grace_s=1, removes=self._folder)
        log = self._folder / "log"
        meanings = self._folder / "meanings.json"
        meanings.write_text(json.dumps(self._meanings), encoding="utf-8")
        module = [sys.executable, "-P", "-m", "workers.demo.standin", "--port", str(port), "--speed", str(self._speed)]
        module += ["--meanings", str(meanings)]
        process = self._children.start(module, log)
        until = time.monotonic() + START_S
        while not self._answers():
            if process.poll() is not None or time.monotonic() > until:
                said = last_lines(log)
                self.__exit__()
                raise RuntimeError(f"the stand-in model did not start: {said}")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._children.stop(2.0)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/models", timeout=1.0) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
        return False


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    model: StandIn


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Requests hold what customers wrote: nothing is logged."""

    def do_GET(self) -> None:
        if (found := self.server.model.batches.get(self.path)) is not None:
            status, said = found
            text = {"content-type": "application/octet-stream"}
            self._send(status, said.encode(), text) if isinstance(said, str) else self._json(status, said)
            return
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "stand-in"} for name in MODELS]
        self._json(200, {"object": "list", "data": data})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.endswith("/files"):
            self._json(200, self.server.model.batches.upload(body))
            return
        asked = json.loads(body)
        with suppress(BrokenPipeError, ConnectionResetError):  # a client that gave up
            if self.path.endswith("/embeddings"):
                self._json(200, _embeddings(asked))
            elif self.path.endswith("/chat/completions"):
                self._chat(asked)
            elif self.path.endswith("/batches"):
                self._json(*self.server.model.batches.create(asked))
            else:
                self._json(404, {"error": {"message": "no such path", "code": "not_found"}})

    def _chat(self, asked: dict[str, Any]) -> None:
        model = self.server.model
        model.requests.append(asked)
        fault = model.faults.popleft() if model.faults else Fault()
        if fault.silent_s:
            time.sleep(fault.silent_s)
        if fault.status != 200:
            self._json(fault.status, {"error": fault.said or {"message": "as told", "code": fault.body}}, fault.headers)
        elif fault.keepalive_s:
            self._keep_alive(fault.keepalive_s)
        elif fault.body is not None:
            self._send(200, fault.body.encode(), {"content-type": fault.kind})
        elif asked["model"] not in MODELS:
            self._json(404, {"error": {"message": "no such model", "code": "model_not_found"}})
        elif asked.get("stream"):
            self._stream(asked, cut=fault.cut)
        else:
            self._json(200, {**_head(asked), "object": "chat.completion", **_whole(asked, model)})

    def _stream(self, asked: dict[str, Any], *, cut: bool) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        model, speed = asked["model"], self.server.model.speed
        time.sleep(FIRST_TOKEN_S[model] * speed)
        head = {**_head(asked), "object": "chat.completion.chunk"}
        for number, choice in enumerate(_deltas(asked, self.server.model)):
            if cut and number == 2:
                self.close_connection = True
                return
            content = choice["delta"].get("content", "")
            time.sleep(PER_TOKEN_S[model] * estimate(content) * speed)
            self._event({**head, "choices": [choice]})
        if (asked.get("stream_options") or {}).get("include_usage"):
            self._event({**head, "choices": [], "usage": _whole(asked, self.server.model)["usage"]})
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def _keep_alive(self, seconds: float) -> None:
        """Comments, and never an answer."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for _ in range(round(seconds / KEEPALIVE_EVERY_S)):
            self.wfile.write(b": keep-alive\n\n")
            time.sleep(KEEPALIVE_EVERY_S)
        self.close_connection = True

    def _event(self, values: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(values, ensure_ascii=False).encode() + b"\n\n")

    def _json(self, status: int, values: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(values).encode(), {"content-type": "application/json", **(headers or {})})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _head(asked: dict[str, Any]) -> dict[str, Any]:
    return {"id": "chatcmpl-stand-in", "created": int(time.time()), "model": asked["model"]}


def _text(asked: dict[str, Any], stand_in: StandIn) -> tuple[str, str]:
    """The answer and why it ends, within ``max_tokens``."""
    messages = [Message.decode(m) for m in asked["messages"]]
    question = next((m.text for m in reversed(messages) if m.role == "user"), "")
    limit = asked.get("max_tokens") or asked.get("max_completion_tokens")
    if messages[0].text in (judge_prompt.QUESTIONS, judge_prompt.ANSWERS):
        return verdict_text(messages[0].text, question, stand_in.meanings), "stop"
    if stand_in.voice is not None:
        return stand_in.voice(messages), "stop"
    text = answer_text(asked["model"], question, stand_in.meanings)
    if limit is not None and estimate(text) > limit:
        return text[: max(1, limit * 3)], "length"
    return text, "stop"


def _whole(asked: dict[str, Any], stand_in: StandIn) -> dict[str, Any]:
    text, reason = _text(asked, stand_in)
    prompt = estimate_prompt([Message.decode(m) for m in asked["messages"]], asked)
    completion = estimate(text)
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    message = {"role": "assistant", "content": text}
    return {"choices": [{"index": 0, "message": message, "finish_reason": reason}], "usage": usage}


def _deltas(asked: dict[str, Any], stand_in: StandIn) -> Iterator[dict[str, Any]]:
    text, reason = _text(asked, stand_in)
    yield {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    for start in range(0, len(text), 24):
        yield {"index": 0, "delta": {"content": text[start : start + 24]}, "finish_reason": None}
    yield {"index": 0, "delta": {}, "finish_reason": reason}


def _embeddings(asked: dict[str, Any]) -> dict[str, Any]:
    texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
    data = [{"object": "embedding", "index": i, "embedding": _vector(text)} for i, text in enumerate(texts)]
    usage = {"prompt_tokens": sum(map(estimate, texts)), "total_tokens": sum(map(estimate, texts))}
    return {"object": "list", "model": asked["model"], "data": data, "usage": usage}


def _vector(text: str) -> list[float]:
    """A bag of character trigrams: alike texts have alike vectors, which is all that a stand-in needs."""
    counts = [0.0] * EMBEDDING_DIMENSIONS
    padded = f"  {text.lower()} "
    for start in range(len(padded) - 2):
        position = int.from_bytes(hashlib.blake2b(padded[start : start + 3].encode(), digest_size=2).digest())
        counts[position % EMBEDDING_DIMENSIONS] += 1.0
    return counts


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--speed", type=float, default=1.0)
@click.option("--meanings", type=click.Path(exists=True, path_type=Path), help="JSON: question to meaning.")
def main(port: int, speed: float, meanings: Path | None) -> None:
    """Serve until the process is stopped."""
    known = json.loads(meanings.read_text(encoding="utf-8")) if meanings else {}
    with StandIn(speed=speed, port=port, meanings=known):
        threading.Event().wait()


if __name__ == "__main__":
    main()
