"""Providers over the openai SDK: the only file that imports it. Its errors become ours here."""

from __future__ import annotations

import json
import re
import threading
import time
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from pipelines.errors import ProviderFailed
from pipelines.routing import completion, provider_reason
from workers.providers.health import ProviderHealth
from workers.providers.limits import ProviderLimits
from workers.providers.wall_clock import extend, guard, over_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import openai

    from workers.config.endpoints import ProviderConfig

TIMEOUT = "timeout"
CONNECT_S = 5.0  # a host that does not answer by then is down: the next attempt or provider is the better bet
EMBED_TIMEOUT_S = 10.0  # a lookup that takes longer than this costs more than the model's answer
# 409 and 425 ask to come again; 529 is how some say that they are overloaded.
RETRYABLE = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
NEVER = ("insufficient_quota", "billing_hard_limit_reached")  # sent as 429, and no waiting helps


class Providers:
    """A client per provider, made on first use and shared by all threads."""

    def __init__(
        self,
        configs: Sequence[ProviderConfig],
        health: ProviderHealth | None = None,
        limits: ProviderLimits | None = None,
    ) -> None:
        self.health, self.limits = health or ProviderHealth(), limits or ProviderLimits(configs)
        self._configs = {config.name: config for config in configs}
        self._clients: dict[str, openai.OpenAI] = {}
        self._lock = threading.Lock()

    def call(
        self,
        name: str,
        request: Mapping[str, Any],
        timeout_s: float,
        patience_s: float | None = None,
        on_first_word: Callable[[], object] = bool,
    ) -> dict[str, Any]:
        """One chat completion, streamed so that a silent or cut connection is noticed; raises ProviderFailed.

        One that answers in one piece all the same is understood. What came of an answer that broke off is paid for: the
        error's ``received`` has it. ``patience_s``: so long its first word is waited for; else all the time.
        ``on_first_word`` is called with that word.
        """
        began = time.monotonic()
        first: list[float] = []

        def on_word() -> None:
            if not first:
                first.append(time.monotonic() - began)
                extend(began + timeout_s)
                on_first_word()

        chunks: list[dict[str, Any]] = []
        arguments: dict[str, Any] = {**request, "stream": True, "stream_options": {"include_usage": True}}
        sent = self._sent(name, *_strings(request.get("messages")))
        try:
            with (
                over_at(began + (timeout_s if patience_s is None else min(timeout_s, patience_s))),
                _failing_as(name, sent),
                self._client(name).chat.completions.with_streaming_response.create(
                    timeout=_limits(timeout_s), **arguments
                ) as response,
            ):
                if _is_whole(response.headers.get("content-type", "")):
                    on_word()
                    answer = _whole(name, json.loads(response.read()), sent)
                else:
                    done = _follow(name, _lines(response.iter_bytes()), chunks, sent, on_word)
                    answer = completion.assemble(chunks, provider=name, done=done)
            self.health.note_pace(name, str(request.get("model")), first[0] if first else time.monotonic() - began)
            return answer
        except ProviderFailed as failure:
            failure.received = completion.received(chunks)
            raise
        except (TypeError, AttributeError, KeyError, ValueError, RecursionError):  # shapes that nobody foresaw
            malformed = ProviderFailed(name, "malformed answer", retryable=True)
            malformed.received = "?"  # something came, and is paid for
            raise malformed from None

    def embed(self, name: str, model: str, texts: Sequence[str]) -> list[list[float]]:
        """One embedding per text; raises ProviderFailed."""
        with over_at(time.monotonic() + EMBED_TIMEOUT_S), _failing_as(name, self._sent(name, *texts)):
            answer = self._client(name).embeddings.create(
                model=model, input=list(texts), encoding_format="float", timeout=_limits(EMBED_TIMEOUT_S)
            )
            return [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]

    def models(self, name: str, timeout_s: float) -> set[str]:
        """Names of the models that the provider lists; raises ProviderFailed."""
        with over_at(time.monotonic() + timeout_s), _failing_as(name, self._sent(name)):
            return {model.id for model in self._client(name).models.list(timeout=_limits(timeout_s))}

    @contextmanager
    def speaking(self, name: str, timeout_s: float) -> Iterator[Any]:
        """The SDK's client, for what else it can do; its errors become ProviderFailed."""
        if name not in self._configs:
            raise ProviderFailed(name, "is in the configuration no more", retryable=False)
        with over_at(time.monotonic() + timeout_s), _failing_as(name, self._sent(name)):
            yield self._client(name).with_options(timeout=_limits(timeout_s))

    def warm(self) -> None:
        """Import the SDK and make the clients now: the first call should not wait seconds for that."""
        for name, config in self._configs.items():
            if config.api_key:
                self._client(name)

    def close(self) -> None:
        """Close every client's connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _sent(self, name: str, *texts: str) -> str:
        """What a provider was sent, and may quote: the key, and the texts."""
        return " ".join((self._configs[name].api_key, *texts))

    def _client(self, name: str) -> openai.OpenAI:
        import openai

        config = self._configs[name]
        if not config.api_key:
            raise ProviderFailed(name, "its API key is not set", retryable=False)
        with self._lock:
            if name not in self._clients:
                http = openai.DefaultHttpxClient()
                guard(http)
                self._clients[name] = openai.OpenAI(
                    http_client=http,
                    api_key=config.api_key,
                    # Given always: else the SDK would read OPENAI_BASE_URL by itself.
                    base_url=config.base_url or "https://api.openai.com/v1",
                    max_retries=0,  # attempts are decided in retry.retry, which knows the job's deadline
                )
            return self._clients[name]


def _limits(timeout_s: float) -> Any:
    import openai

    return openai.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))


def _is_whole(content_type: str) -> bool:
    return "json" in content_type and "stream" not in content_type


def _whole(name: str, raw: Any, prompt: str) -> dict[str, Any]:
    """An answer in one piece; an error in its place is the provider's own."""
    error = raw.get("error") if isinstance(raw, dict) else None
    if error:
        raise _failure(name, "answered with an error", error, prompt)
    whole: dict[str, Any] = raw
    return whole


def _failure(name: str, kind: str, error: Any, prompt: str) -> ProviderFailed:
    code, said = (error.get("code"), error.get("message")) if isinstance(error, dict) else (None, error)
    told = provider_reason.reason(code, said, prompt)
    return ProviderFailed(name, kind, 0, code not in NEVER, None, told)


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    """Lines of an event stream: they end in LF, CR LF or CR, and in nothing else that Unicode calls a line's end."""
    rest = b""
    for piece in pieces:
        rest += piece
        *whole, rest = _LINE_END.split(rest)
        yield from (line.decode("utf-8").lstrip("\ufeff") for line in whole)
    if rest:
        yield rest.rstrip(b"\r").decode("utf-8")


_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")  # what ends a piece may be half of a CR LF


def _events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """An event's name and its data: on one line, on several, or bare, as the nearly compatible send it."""
    name = data = ""
    for line in lines:
        if line.startswith("event:"):
            name = line.removeprefix("event:").strip()
        elif line.startswith("data:") or (line.startswith("{") if not data else line.strip() and line[0] != ":"):
            piece = line.removeprefix("data:").strip()
            data = f"{data}\n{piece}" if data else piece
            if data == "[DONE]" or (data[-1:] == "}" and completion.is_json(data)):
                yield name, data
                data = ""
        elif not line.strip():
            if data:
                yield name, data
            name = data = ""
    if data:
        yield name, data


def _follow(
    name: str, lines: Iterator[str], chunks: list[dict[str, Any]], prompt: str, on_word: Callable[[], object] = bool
) -> bool:
    """Read a stream's events into ``chunks``; True when it said that it was done. Comments keep a connection alive.

    ``on_word`` is called with each chunk that says something.
    """
    for event, data in _events(lines):
        if data == "[DONE]":
            return True
        chunk = {"error": data} if event == "error" and not completion.is_json(data) else json.loads(data)
        error = (chunk.get("error") or (event == "error" and chunk)) if isinstance(chunk, dict) else None
        if error:
            raise _failure(name, "error in the stream", error, prompt)
        if isinstance(chunk, dict):
            chunks.append(chunk)
            if completion.says(chunk):
                on_word()
    return False


def _strings(value: Any) -> Iterator[str]:
    """Every text of the messages, as a provider might quote it."""
    if isinstance(value, str):
        yield " ".join(value.split())
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


@contextmanager
def _failing_as(name: str, prompt: str = "") -> Iterator[None]:
    """Turn what the SDK raises into ProviderFailed, with the provider's own reason, but for what quotes the prompt."""
    import httpx2
    import openai

    try:
        yield
    except openai.APITimeoutError as error:
        asked = not isinstance(error.__cause__, httpx2.ConnectTimeout)
        raise ProviderFailed(name, TIMEOUT if asked else "cannot be reached", retryable=True) from None
    except openai.APIConnectionError:
        raise ProviderFailed(name, "cannot be reached", retryable=True) from None
    except openai.APIStatusError as error:
        raise _of_status(name, error, prompt) from None
    except httpx2.TimeoutException:
        raise ProviderFailed(name, TIMEOUT, retryable=True) from None
    except httpx2.HTTPError:
        raise ProviderFailed(name, "cut stream", retryable=True) from None
    except openai.APIError as error:
        raise ProviderFailed(name, f"error in the stream ({error.code or 'no code'!s:.40})", retryable=True) from None
    except (json.JSONDecodeError, UnicodeDecodeError, openai.OpenAIError):
        raise ProviderFailed(name, "malformed answer", retryable=True) from None


def _of_status(name: str, error: openai.APIStatusError, prompt: str) -> ProviderFailed:
    status, code = error.status_code, error.code
    kinds = {400: "refused the request", 401: "refused the API key", 403: "forbids it", 404: "knows no such model"}
    kind = kinds.get(status, "rate limited" if status == 429 else "failed" if status >= 500 else "refused the request")
    spent = code in NEVER
    if spent:
        kind = "quota is used up"
    said = error.body.get("message") if isinstance(error.body, dict) else None
    told = provider_reason.reason(code, said, prompt)
    failure = ProviderFailed(
        name, kind, status, status in RETRYABLE and not spent, _retry_after_s(error.response.headers), told
    )
    if status in (400, 422):
        failure.refused_param = provider_reason.refused_param(code, error.param, str(said or ""))
    return failure


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that ``Retry-After`` (or OpenAI's finer header) asks for; None without one that can be read."""
    try:
        if "retry-after-ms" in headers:
            return float(headers["retry-after-ms"]) / 1000
        if "retry-after" not in headers:
            return None
        asked = headers["retry-after"]
        if asked.replace(".", "", 1).isdigit():
            return float(asked)
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
