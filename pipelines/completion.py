"""The model call's two ends: the request that goes out, the completion that comes in; and whether to try again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.answer import Usage
from pipelines.errors import ProviderFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.catalog import Offer
    from pipelines.job import Message

MAX_ATTEMPTS = 3  # per offer; a provider that failed three times in a row is down for this job
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 8.0
MIN_ATTEMPT_S = 0.5  # an attempt that starts with less time than this before the deadline only costs money


@dataclass(frozen=True, slots=True, repr=False)
class Completion:
    """A model's answer as the provider gave it."""

    text: str
    message: Mapping[str, Any]
    finish_reason: str
    usage: Usage

    def __repr__(self) -> str:
        return f"Completion({len(self.text)} characters, finish_reason={self.finish_reason!r})"


def request(offer: Offer, messages: Sequence[Message], params: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of ``chat.completions.create`` for this offer."""
    out: dict[str, Any] = {"model": offer.model, "messages": [m.encode() for m in messages], **params}
    if out.get("max_tokens", 0) > offer.max_output_tokens:
        out["max_tokens"] = offer.max_output_tokens
    return out


def parse(raw: Mapping[str, Any], *, provider: str) -> Completion:
    """Read a chat completion; raises ProviderFailed when it is not one. Its text never shows in the error."""
    try:
        choice = raw["choices"][0]
        message = choice["message"]
        text = message.get("content") or ""
        reason = choice.get("finish_reason") or "stop"
        usage = _usage(raw["usage"])
        if not isinstance(text, str) or not isinstance(reason, str) or message.get("role") != "assistant":
            raise TypeError("content")
    except (KeyError, IndexError, TypeError, AttributeError, ValueError):
        raise ProviderFailed(provider, "malformed answer", 0, retryable=True) from None
    kept = {k: v for k, v in message.items() if v is not None and k in ("role", "content", "tool_calls", "refusal")}
    return Completion(text=text, message={"content": text, **kept}, finish_reason=reason, usage=usage)


def assemble(chunks: Sequence[Mapping[str, Any]], *, provider: str) -> dict[str, Any]:
    """A streamed completion as if it had come whole; raises ProviderFailed when the stream ended too early."""
    content: list[str] = []
    calls: dict[int, dict[str, Any]] = {}
    message: dict[str, Any] = {"role": "assistant"}
    reason = usage = None
    for chunk in chunks:
        usage = chunk.get("usage") or usage
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            reason = choice.get("finish_reason") or reason
            content.append(delta.get("content") or "")
            if delta.get("refusal"):
                message["refusal"] = message.get("refusal", "") + delta["refusal"]
            for part in delta.get("tool_calls") or ():
                _add_call(calls, part)
    if reason is None or usage is None:
        raise ProviderFailed(provider, "cut stream", 0, retryable=True)
    message["content"] = "".join(content)
    if calls:
        message["tool_calls"] = [call for _, call in sorted(calls.items())]
    return {"choices": [{"index": 0, "message": message, "finish_reason": reason}], "usage": usage}


def _add_call(calls: dict[int, dict[str, Any]], part: Mapping[str, Any]) -> None:
    """A tool call comes in pieces: its id and name first, then its arguments a few characters at a time."""
    function = part.get("function") or {}
    fresh = {"id": None, "type": "function", "function": {"name": "", "arguments": ""}}
    call = calls.setdefault(part["index"], fresh)
    call["id"] = part.get("id") or call["id"]
    call["function"]["name"] += function.get("name") or ""
    call["function"]["arguments"] += function.get("arguments") or ""


def _usage(raw: Mapping[str, Any]) -> Usage:
    cached = (raw.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    prompt, completion = raw["prompt_tokens"], raw["completion_tokens"]
    if any(isinstance(n, bool) or not isinstance(n, int) for n in (prompt, completion, cached)):
        raise TypeError("usage")
    return Usage(prompt_tokens=prompt, cached_tokens=min(cached, prompt), completion_tokens=completion)


def retry(failure: ProviderFailed, attempt: int, remaining_s: float, jitter: float) -> float | None:
    """Seconds to wait before the next attempt, or None to give up on this provider.

    ``attempt`` counts from 1, ``remaining_s`` is the time to the job's deadline, ``jitter`` in [0, 1] spreads
    the fleet's retries. A provider that asks for longer than the deadline allows is given up at once.
    """
    if not failure.retryable or attempt >= MAX_ATTEMPTS:
        return None
    backoff = min(FIRST_WAIT_S * 2 ** (attempt - 1), LONGEST_WAIT_S) * (0.5 + jitter / 2)
    wait = backoff if failure.retry_after_s is None else max(failure.retry_after_s, 0.0) + backoff * jitter
    return wait if wait + MIN_ATTEMPT_S <= remaining_s else None
