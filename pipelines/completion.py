"""The model call's two ends: the request that goes out, the completion that comes in; and whether to try again."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from pipelines.answer import Usage
from pipelines.errors import ProviderFailed
from pipelines.han import HAN

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pipelines.catalog import Offer
    from pipelines.job import Message

MAX_ATTEMPTS = 3  # per offer; a provider that failed three times in a row is down for this job
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 8.0
MIN_ATTEMPT_S = 0.5  # an attempt that starts with less time than this before the deadline only costs money


# How a provider says that its answer is no answer, in the place of a reason to end.
FAILED_REASONS = ("error", "abort", "aborted", "cancelled", "canceled", "failed")
SAMPLING = ("temperature", "top_p", "presence_penalty", "frequency_penalty")  # without them an answer is still one
THINKING_TOKENS = 1_000  # room for a model that thinks before it says one word
MOST_BILLED_USD = 1_000  # one answer costs less; NaN and the like are none
MOST_REASON_CHARS = 240
LEAST_QUOTED_CHARS = 10  # of the prompt, in a provider's reason, that are withheld where they are more than one word
LEAST_QUOTED_HAN = 4
MOST_PROMPT_CHARS = 50_000  # of the prompt that a reason is held against


@dataclass(frozen=True, slots=True, repr=False)
class Completion:
    """A model's answer as the provider gave it. ``estimated``: it did not count, so the usage is an estimate;
    ``billed_usd``: what it says that it charges, where it says so.
    """

    text: str
    message: Mapping[str, Any]
    finish_reason: str
    usage: Usage
    estimated: bool = False
    billed_usd: Decimal | None = None

    def __repr__(self) -> str:
        return f"Completion({len(self.text)} characters, finish_reason={self.finish_reason!r})"


def request(
    offer: Offer,
    messages: Sequence[Message],
    params: Mapping[str, Any],
    *,
    refuses: Collection[str] = (),
    thinks: bool = False,
) -> dict[str, Any]:
    """Arguments of ``chat.completions.create`` for this offer.

    ``refuses`` are parameters that the model was seen to refuse, beside those that the configuration names; with
    ``thinks``, a model that refuses max_tokens gets room to think before its few words.
    """
    refused = {*offer.refuses, *refuses}
    out: dict[str, Any] = {"model": offer.model, "messages": [m.encode() for m in messages], **params}
    if "max_tokens" in out:
        out["max_tokens"] = min(out["max_tokens"], offer.max_output_tokens)
        if "max_tokens" in refused:
            out["max_completion_tokens"] = out.pop("max_tokens") + (THINKING_TOKENS if thinks else 0)
    for name in SAMPLING:
        if name in refused:
            out.pop(name, None)
    return out


def left_out(offer: Offer, params: Mapping[str, Any], refuses: Collection[str] = ()) -> list[str]:
    """Parameters of the job's that this model is not sent, because it refuses them."""
    return [name for name in SAMPLING if name in params and name in {*offer.refuses, *refuses}]


def refused_param(code: object, param: object, message: str) -> str | None:
    """The parameter that a provider refused, if a request without it would do."""
    known = ("max_tokens", *SAMPLING)
    said = str(param or "")
    if said in known:
        return said
    lower = message.lower()
    if str(code) in ("unsupported_parameter", "unsupported_value") or "not support" in lower or "unsupported" in lower:
        return next((name for name in known if name in lower), None)
    return None


def parse(raw: Mapping[str, Any], *, provider: str, estimate: Callable[[str], Usage] = lambda _: Usage()) -> Completion:
    """Read a chat completion; raises ProviderFailed when it is not one. Its text never shows in the error.

    ``estimate`` gives the usage of an answer with that text, for providers that count nothing.
    """
    try:
        choice = raw["choices"][0]
        message = choice["message"]
        text = _words(message.get("content"))
        reason = choice.get("finish_reason") or "stop"
        if not isinstance(text, str) or not isinstance(reason, str) or message.get("role") not in (None, "assistant"):
            raise TypeError("content")
        counted = _counted(raw.get("usage"))
        usage = counted or estimate(text + str(message.get("tool_calls") or ""))
    except (KeyError, IndexError, TypeError, AttributeError, ValueError):
        raise ProviderFailed(provider, "malformed answer", 0, retryable=True) from None
    if reason.lower() in FAILED_REASONS:
        raise ProviderFailed(provider, "ended its answer with an error", 0, retryable=True)
    kept = {k: v for k, v in message.items() if v is not None and k in ("tool_calls", "refusal")}
    return Completion(
        text=text,
        message={"role": "assistant", "content": text, **kept},
        finish_reason=reason,
        usage=usage,
        estimated=counted is None,
        billed_usd=_billed(raw.get("usage")),
    )


def _counted(raw: Any) -> Usage | None:
    """What the provider counted; None where it did not, or not so that it can be read: no answer is lost for that."""
    try:
        usage = _usage(raw)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return usage if usage.prompt_tokens + usage.completion_tokens > 0 else None


def _words(content: Any) -> str:
    """An answer's text; parts joined, as some providers give them."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content or ""


def assemble(chunks: Sequence[Mapping[str, Any]], *, provider: str, done: bool = False) -> dict[str, Any]:
    """A streamed completion as if it had come whole; raises ProviderFailed when the stream ended too early.

    ``done``: the stream said that it was its end. Without that and without a reason to end, it was cut.
    """
    content: list[str] = []
    calls: list[dict[str, Any]] = []
    message: dict[str, Any] = {"role": "assistant"}
    reason = usage = None
    first = next((one.get("index") or 0 for chunk in chunks for one in chunk.get("choices") or ()), 0)
    for chunk in chunks:
        usage = chunk.get("usage") if _counted(chunk.get("usage")) is not None else usage
        for choice in chunk.get("choices") or ():
            if (choice.get("index") or 0) != first:  # a second answer, that nobody asked for
                continue
            delta = choice.get("delta") or choice.get("message") or {}
            reason = choice.get("finish_reason") or reason
            content.append(_words(delta.get("content")))
            if delta.get("refusal"):
                message["refusal"] = message.get("refusal", "") + delta["refusal"]
            for part in delta.get("tool_calls") or ():
                _add_call(calls, part)
    message["content"] = "".join(content)
    if calls:
        message["tool_calls"] = [{name: value for name, value in call.items() if name != "index"} for call in calls]
    ended = reason is not None or ((done or usage is not None) and bool(message["content"] or calls))
    if not ended:
        raise ProviderFailed(provider, "cut stream", 0, retryable=True)
    whole = {"index": 0, "message": message, "finish_reason": reason or ("tool_calls" if calls else "stop")}
    return {"choices": [whole], "usage": usage}


def received(chunks: Sequence[Mapping[str, Any]]) -> str:
    """What text came of an answer that was not finished: it is paid for."""
    deltas = (choice.get("delta") or {} for chunk in chunks for choice in chunk.get("choices") or ())
    paid = ("content", "reasoning_content", "reasoning", "tool_calls", "refusal")
    return "".join(str(delta.get(name) or "") for delta in deltas for name in paid)


def _add_call(calls: list[dict[str, Any]], part: Mapping[str, Any]) -> None:
    """A tool call comes in pieces: its id and name first, then its arguments a few characters at a time.

    Compatible providers leave the index out, give all calls the same one, or repeat the name with each piece: a new id
    begins a new call, whatever its index.
    """
    function = part.get("function") or {}
    index, call_id = part.get("index"), part.get("id")
    call = next((one for one in reversed(calls) if index is None or one["index"] == index), None)
    arguments = call["function"]["arguments"] if call is not None else ""
    more = index is None or function.get("arguments") or (call and function.get("name") != call["function"]["name"])
    again = function.get("name") and not call_id and more and is_json(arguments)
    if call is None or again or (call_id and call["id"] and call_id != call["id"]):
        call = {"index": index, "id": None, "type": "function", "function": {"name": "", "arguments": ""}}
        calls.append(call)
    call["id"] = call["id"] or call_id
    name = function.get("name") or ""
    if name != call["function"]["name"]:
        call["function"]["name"] += name
    call["function"]["arguments"] += function.get("arguments") or ""


def is_json(text: str) -> bool:
    """Is it whole?"""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _usage(raw: Mapping[str, Any]) -> Usage:
    """Counts by the names that providers give them. OpenAI's: cached tokens are among the prompt's, thinking among the
    completion's; where the total says that thinking came on top (xAI), it is added.
    """
    prompt = raw["prompt_tokens"] if "prompt_tokens" in raw else raw["input_tokens"]
    completion = raw["completion_tokens"] if "completion_tokens" in raw else raw["output_tokens"]
    details = raw.get("prompt_tokens_details") or raw.get("input_tokens_details") or {}
    cached = (
        details.get("cached_tokens")
        or raw.get("prompt_cache_hit_tokens")  # DeepSeek
        or raw.get("cache_read_input_tokens")  # Anthropic's name, of gateways
        or raw.get("cached_tokens")
        or 0
    )
    thought = (raw.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
    total = raw.get("total_tokens") or 0
    if any(isinstance(n, bool) or not isinstance(n, int) for n in (prompt, completion, cached, thought, total)):
        raise TypeError("usage")
    if thought and total == prompt + completion + thought:
        completion += thought
    return Usage(prompt_tokens=prompt, cached_tokens=min(cached, prompt), completion_tokens=completion)


def _billed(raw: Any) -> Decimal | None:
    """The dollars that a gateway says it charges (OpenRouter's ``usage.cost``); None where none are named."""
    cost = raw.get("cost") if isinstance(raw, dict) else None
    if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 < cost < MOST_BILLED_USD:
        return None
    return Decimal(str(cost))


def reason(code: object, message: object, prompt: str) -> str:
    """A provider's own reason: its code and message, cut to a length, what quotes the prompt withheld."""
    said = " ".join(_plain(str(message or "")[: 4 * MOST_REASON_CHARS]).split())
    prompt = prompt[:MOST_PROMPT_CHARS].casefold()
    said = _QUOTED.sub(
        lambda found: found[0] if _IS_NAME.fullmatch(found[1]) and found[1].casefold() not in prompt else "(withheld)",
        said,
    )
    folded, hidden = said.casefold(), [False] * len(said)
    for start in range(len(said)):
        length = LEAST_QUOTED_HAN if HAN.match(said[start]) else LEAST_QUOTED_CHARS
        piece = folded[start : start + length]
        telling = length == LEAST_QUOTED_HAN or any(sign in " @" or sign.isdigit() for sign in piece.strip())
        if len(piece) == length and telling and piece in prompt:
            hidden[start : start + length] = [True] * length
    said = (
        "".join("\0" if gone else sign for sign, gone in zip(said, hidden, strict=True))
        if len(folded) == len(said)
        else ""
    )
    said = re.sub("\0+", "(withheld)", said)
    named = str(code) if code and _IS_NAME.fullmatch(str(code)) else ""
    return ": ".join(part for part in (named, said[:MOST_REASON_CHARS]) if part)


def _plain(said: str) -> str:
    """What a reason says once its escapes are read: a quotation in ``%20``, ``\\u4f60`` or ``&quot;`` is one, too."""
    if _PERCENT.search(said):
        said = unquote_plus(said)
    said = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), said)
    return _BLOB.sub("(withheld)", html.unescape(said))


_PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
_ESCAPED = re.compile(r"\\u(?!d[89a-f])([0-9a-fA-F]{4})", re.IGNORECASE)
_BLOB = re.compile(r"[\w+/=\-]{64,}", re.ASCII)  # nothing that a person reads: a picture, an encoded body
_QUOTED = re.compile(r"['\"“‘`]([^'\"”’`]{1,})['\"”’`]")
_IS_NAME = re.compile(
    r"[a-z][\w.\-\[\]/:]{0,60}", re.IGNORECASE
)  # of a parameter, a model: no sentence of a customer's


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
