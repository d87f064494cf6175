"""Providers over the openai SDK: the only file that imports it. Its errors become ours here."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from pipelines import completion
from pipelines.errors import ProviderFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import openai

CONNECT_S = 5.0  # a host that does not answer by then is down: the next attempt or provider is the better bet
EMBED_TIMEOUT_S = 10.0  # a lookup that takes longer than this costs more than the model's answer
# 409 and 425 ask to come again; 529 is how some say that they are overloaded.
RETRYABLE = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
NEVER = ("insufficient_quota", "billing_hard_limit_reached")  # sent as 429, and no waiting helps


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One OpenAI-compatible endpoint. ``base_url`` None is OpenAI's own; ``price_provider`` names its price list."""

    name: str
    base_url: str | None
    api_key: str
    price_provider: str

    def __repr__(self) -> str:
        return f"ProviderConfig(name={self.name!r}, base_url={self.base_url!r})"


class Providers:
    """A client per provider, made on first use and shared by all threads."""

    def __init__(self, configs: Sequence[ProviderConfig]) -> None:
        self._configs = {config.name: config for config in configs}
        self._clients: dict[str, openai.OpenAI] = {}
        self._lock = threading.Lock()

    def call(self, name: str, request: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        """One chat completion, streamed so that a silent or cut connection is noticed; raises ProviderFailed."""
        until = time.monotonic() + timeout_s
        chunks: list[dict[str, Any]] = []
        arguments: dict[str, Any] = {**request, "stream": True, "stream_options": {"include_usage": True}}
        with (
            _failing_as(name),
            self._client(name).chat.completions.create(timeout=_limits(timeout_s), **arguments) as stream,
        ):
            for chunk in stream:
                chunks.append(chunk.model_dump())
                if time.monotonic() > until:
                    raise ProviderFailed(name, "timeout", retryable=True)
        return completion.assemble(chunks, provider=name)

    def embed(self, name: str, model: str, texts: Sequence[str]) -> list[list[float]]:
        """One embedding per text; raises ProviderFailed."""
        with _failing_as(name):
            answer = self._client(name).embeddings.create(
                model=model, input=list(texts), encoding_format="float", timeout=_limits(EMBED_TIMEOUT_S)
            )
            return [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]

    def models(self, name: str, timeout_s: float) -> set[str]:
        """Names of the models that the provider lists; raises ProviderFailed."""
        with _failing_as(name):
            return {model.id for model in self._client(name).models.list(timeout=_limits(timeout_s))}

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

    def _client(self, name: str) -> openai.OpenAI:
        import openai

        config = self._configs[name]
        if not config.api_key:
            raise ProviderFailed(name, "its API key is not set", retryable=False)
        with self._lock:
            if name not in self._clients:
                self._clients[name] = openai.OpenAI(
                    api_key=config.api_key,
                    # Given always: else the SDK would read OPENAI_BASE_URL by itself.
                    base_url=config.base_url or "https://api.openai.com/v1",
                    max_retries=0,  # attempts are decided in completion.retry, which knows the job's deadline
                )
            return self._clients[name]


def _limits(timeout_s: float) -> Any:
    import openai

    return openai.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))


@contextmanager
def _failing_as(name: str) -> Iterator[None]:
    """Turn what the SDK raises into ProviderFailed, without the bodies: they may quote the prompt."""
    import httpx2
    import openai

    try:
        yield
    except openai.APITimeoutError:
        raise ProviderFailed(name, "timeout", retryable=True) from None
    except openai.APIConnectionError:
        raise ProviderFailed(name, "cannot be reached", retryable=True) from None
    except openai.APIStatusError as error:
        raise _of_status(name, error.status_code, error.code, error.response.headers) from None
    except httpx2.TimeoutException:
        raise ProviderFailed(name, "timeout", retryable=True) from None
    except httpx2.HTTPError:
        raise ProviderFailed(name, "cut stream", retryable=True) from None
    except openai.APIError as error:
        raise ProviderFailed(name, f"error in the stream ({error.code or 'no code'!s:.40})", retryable=True) from None
    except (json.JSONDecodeError, UnicodeDecodeError, openai.OpenAIError):
        raise ProviderFailed(name, "malformed answer", retryable=True) from None


def _of_status(name: str, status: int, code: object, headers: Mapping[str, str]) -> ProviderFailed:
    kinds = {400: "refused the request", 401: "refused the API key", 403: "forbids it", 404: "knows no such model"}
    kind = kinds.get(status, "rate limited" if status == 429 else "failed" if status >= 500 else "refused the request")
    spent = code in NEVER
    if spent:
        kind = "quota is used up"
    return ProviderFailed(name, kind, status, status in RETRYABLE and not spent, _retry_after_s(headers))


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that ``Retry-After`` (or OpenAI's finer header) asks for; None without one that can be read."""
    try:
        if "retry-after-ms" in headers:
            return float(headers["retry-after-ms"]) / 1000
        if "retry-after" not in headers:
            return None
        asked = headers["retry-after"]
        return float(asked) if asked.replace(".", "", 1).isdigit() else _until(asked)
    except (ValueError, TypeError):
        return None


def _until(date: str) -> float:
    return max(0.0, parsedate_to_datetime(date).timestamp() - time.time())
