"""The model call's two ends: the request that goes out, the completion that comes in; and whether to try again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pipelines.answer import Usage
from pipelines.errors import ProviderFailed
from pipelines.routing import cache_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pipelines.message import Message
    from pipelines.routing.catalog import Offer


# How a provider says that its answer is no answer, in the place of a reason to end.
FAILED_REASONS = ("error", "abort", "aborted", "cancelled", "canceled", "failed")
# What other APIs call OpenAI's reasons to end, as gateways hand it on.
REASONS = {
    **dict.fromkeys(("stop", "end_turn", "eos", "eos_token", "stop_sequence", "complete", "completed", "end"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "model_length"), "length"),
    **dict.fromkeys(("content_filter", "content-filter", "safety", "blocked", "refusal"), "content_filter"),
    **dict.fromkeys(("tool_calls", "tool_use"), "tool_calls"),
}
SAMPLING = ("temperature", "top_p", "presence_penalty", "frequency_penalty")  # without them an answer is still one
THINKING_TOKENS = 1_000  # room for a model that thinks before it says one word
MOST_BILLED_USD = 1_000  # one answer costs less; NaN and the like are none


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
    cache_key: str = "",
) -> dict[str, Any]:
    """Arguments of ``chat.completions.create`` for this offer.

    ``refuses`` are parameters that the model was seen to refuse, beside those that the configuration names; with
    ``thinks``, a model that refuses max_tokens gets room to think before its few words. ``cache_key`` names the
    conversation, where the provider knows such.
    """
    refused = {*offer.refuses, *refuses}
    sent = cache_marks.marked(messages) if offer.takes_cache_marks else [message.sent for message in messages]
    out: dict[str, Any] = {"model": offer.model, "messages": sent, **params}
    if cache_key and offer.takes_cache_key:
        out["prompt_cache_key"] = cache_key
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


def parse(raw: Mapping[str, Any], *, provider: str, estimate: Callable[[str], Usage] = lambda _: Usage()) -> Completion:
    """Read a chat completion; raises ProviderFailed when it is not one. Its text never shows in the error.

    ``estimate`` gives the usage of an answer with that text, for providers that count nothing.
    """
    try:
        choice = raw["choices"][0]
        message = choice["message"]
        text = _words(message.get("content"))
        reason = choice.get("finish_reason") or "stop"
        reason = REASONS.get(reason.lower(), reason)
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
    reason = None
    counted = [index for index, chunk in enumerate(chunks) if _counted(chunk.get("usage")) is not None]
    first = next((one.get("index") or 0 for chunk in chunks for one in chunk.get("choices") or ()), 0)
    for chunk in chunks:
        for choice in chunk.get("choices") or ():
            if (choice.get("index") or 0) != first:  # a second answer, that nobody asked for
                continue
            delta = choice.get("delta") or choice.get("message") or {}
            reason = choice.get("finish_reason") or reason
            if choice.get("message") and not choice.get("delta"):  # the whole, whatever came in pieces before
                content, calls = [], []
            content.append(_words(delta.get("content")))
            if delta.get("refusal"):
                message["refusal"] = message.get("refusal", "") + delta["refusal"]
            for part in delta.get("tool_calls") or ():
                _add_call(calls, part)
    message["content"] = _joined(content)
    if calls:
        message["tool_calls"] = [{name: value for name, value in call.items() if name != "index"} for call in calls]
    # Who counts once, counts at the end; who counts with each chunk says nothing by it.
    in_one = any(choice.get("message") for chunk in chunks[-1:] for choice in chunk.get("choices") or ())
    last = counted == [len(chunks) - 1] and (len(chunks) > 1 or in_one)
    ended = reason is not None or ((done or last) and bool(message["content"] or calls))
    if not ended:
        raise ProviderFailed(provider, "cut stream", 0, retryable=True)
    usage = chunks[counted[-1]].get("usage") if counted else None
    whole = {"index": 0, "message": message, "finish_reason": reason or ("tool_calls" if calls else "stop")}
    return {"choices": [whole], "usage": usage}


def _joined(pieces: Sequence[str]) -> str:
    """An answer from its pieces; of a provider that says all that it said so far each time, the last."""
    said = [piece for piece in pieces if piece]
    grows = all(len(more) > len(less) and more.startswith(less) for less, more in pairwise(said))
    return said[-1] if len(said) > 2 and grows else "".join(said)


def received(chunks: Sequence[Mapping[str, Any]]) -> str:
    """What text came of an answer that was not finished: it is paid for."""
    deltas = (choice.get("delta") or {} for chunk in chunks for choice in chunk.get("choices") or ())
    paid = ("content", "reasoning_content", "reasoning", "tool_calls", "refusal")
    return "".join(str(delta.get(name) or "") for delta in deltas for name in paid)


def says(chunk: Mapping[str, Any]) -> bool:
    """Has a chunk something of an answer in it? One of a shape that nobody foresaw has."""
    try:
        return bool(received([chunk]))
    except (TypeError, AttributeError):
        return True


def _add_call(calls: list[dict[str, Any]], part: Mapping[str, Any]) -> None:
    """A tool call comes in pieces: its id and name first, then its arguments a few characters at a time.

    Compatible providers leave the index out, give all calls the same one, or repeat the name with each piece: a new id
    begins a new call, whatever its index.
    """
    function = part.get("function") or {}
    said = function.get("arguments") or ""
    said = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    index, call_id = part.get("index"), part.get("id")
    call = next((one for one in reversed(calls) if index is None or one["index"] == index), None)
    arguments = call["function"]["arguments"] if call is not None else ""
    more = index is None or said or (call and function.get("name") != call["function"]["name"])
    again = function.get("name") and not call_id and more and is_json(arguments)
    if call is None or again or (call_id and call["id"] and call_id != call["id"]):
        call = {"index": index, "id": None, "type": "function", "function": {"name": "", "arguments": ""}}
        calls.append(call)
    call["id"] = call["id"] or call_id
    name = function.get("name") or ""
    if name != call["function"]["name"]:
        call["function"]["name"] += name
    call["function"]["arguments"] += said


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
