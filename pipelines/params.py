"""A job's parameters: each of OpenAI's by name, what becomes of it, and whether it parts the cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines import validation
from pipelines.errors import JobInvalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Param:
    """``becomes`` is passed, mapped, left out or refused; ``in_key``: jobs with another value share no answer."""

    becomes: str
    in_key: bool
    says: str
    check: Callable[[str, object], object] = validation.plain


def _stop(path: str, value: object) -> None:
    if isinstance(value, str):
        validation.text(path, value, most=1_000, least=1)
    elif isinstance(value, list) and 1 <= len(value) <= 4:
        for index, item in enumerate(value):
            validation.text(f"{path}[{index}]", item, most=1_000, least=1)
    else:
        raise JobInvalid(path, validation.show(value), "a string or a list of 1 to 4 strings")


def _tools(path: str, value: object) -> None:
    if not isinstance(value, list) or not 1 <= len(value) <= 128:
        raise JobInvalid(path, validation.show(value), "a list of 1 to 128 tools")
    for index, item in enumerate(value):
        validation.record(f"{path}[{index}]", item)
    validation.plain(path, value)


def _record(path: str, value: object) -> None:
    validation.plain(path, validation.record(path, value))


def _biases(path: str, value: object) -> None:
    for token, bias in validation.record(path, value).items():
        validation.number(f"{path}.{token:.20}", bias, -100, 100)


def _of(*allowed: object) -> Callable[[str, object], object]:
    shown = " or ".join(repr(value) for value in allowed)

    def check(path: str, value: object) -> None:
        if isinstance(value, bool) is not isinstance(allowed[0], bool) or value not in allowed:
            raise JobInvalid(path, validation.show(value), shown)

    return check


def _refused(expected: str) -> Callable[[str, object], object]:
    def check(path: str, value: object) -> None:
        raise JobInvalid(path, validation.show(value), expected)

    return check


_TOKENS: Callable[[str, object], object] = lambda p, v: validation.whole(p, v, 1, 1_000_000)  # noqa: E731 - as its neighbours in the table

# Names and ranges are those of OpenAI's chat completions request.
TABLE: dict[str, Param] = {
    "temperature": Param(
        "passed", True, "left out for models that refuse it", lambda p, v: validation.number(p, v, 0, 2)
    ),
    "top_p": Param("passed", True, "left out for models that refuse it", lambda p, v: validation.number(p, v, 0, 1)),
    "presence_penalty": Param("passed", True, "likewise", lambda p, v: validation.number(p, v, -2, 2)),
    "frequency_penalty": Param("passed", True, "likewise", lambda p, v: validation.number(p, v, -2, 2)),
    "max_tokens": Param("passed", True, "as max_completion_tokens to models that refuse it", _TOKENS),
    "max_completion_tokens": Param("mapped", True, "the same as max_tokens", _TOKENS),
    "seed": Param("passed", True, "", lambda p, v: validation.whole(p, v, -(2**63), 2**63 - 1)),
    "stop": Param("passed", True, "", _stop),
    "tools": Param("passed", True, "counted into the prompt", _tools),
    "tool_choice": Param("passed", True, ""),
    "parallel_tool_calls": Param("passed", True, ""),
    "response_format": Param("passed", True, '{"type": "text"} is the same as none', _record),
    "reasoning_effort": Param("passed", True, "", validation.name),
    "verbosity": Param("passed", True, "", validation.name),
    "logit_bias": Param("passed", True, "", _biases),
    "prediction": Param("passed", True, "", _record),
    "modalities": Param("left out", False, "text alone", _of(["text"])),
    "n": Param("left out", False, "one answer a job", _of(1)),
    "user": Param("mapped", False, "the same as the job's user; not sent to the provider", validation.name),
    "service_tier": Param("left out", False, "other tiers have other prices", _of("auto", "default")),
    "store": Param("left out", False, "nothing is stored at the provider", _of(False)),
    "logprobs": Param("refused", False, "an answer carries none", _of(False)),
    "top_logprobs": Param(
        "refused", False, "an answer carries none", _refused("no log probabilities: none is carried")
    ),
    "metadata": Param("refused", False, "the job has its own", _refused("the job's own field metadata")),
    "stream": Param("refused", False, "how the answer is delivered is the client's", _of(False)),
    "stream_options": Param("refused", False, "likewise", _refused("no options: jobs are answered whole")),
    "prompt_cache_key": Param("left out", False, "the provider's own cache finds what is alike", validation.name),
    "prompt_cache_retention": Param("left out", False, "likewise", validation.name),
    "safety_identifier": Param("left out", False, "users are named to no provider", validation.name),
    "web_search_options": Param("refused", False, "what the web says changes", _refused("no search: none is offered")),
    "audio": Param("refused", False, "answers are text", _refused("text: no sound is answered")),
    "reasoning": Param("refused", False, "another API's", _refused("reasoning_effort")),
    "max_output_tokens": Param("refused", False, "another API's", _refused("max_tokens")),
    "top_k": Param("refused", False, "not every provider has it", _refused("top_p")),
    "min_p": Param("refused", False, "not every provider has it", _refused("top_p")),
    "repetition_penalty": Param("refused", False, "not every provider has it", _refused("frequency_penalty")),
    "extra_body": Param("refused", False, "hides what is sent", _refused("each parameter by its own name")),
    "extra_headers": Param("refused", False, "the provider's are configured", _refused("none")),
    "timeout": Param("refused", False, "the job has its own", _refused("the job's own field deadline_s")),
    "functions": Param("refused", False, "superseded by tools", _refused("tools")),
    "function_call": Param("refused", False, "superseded by tool_choice", _refused("tool_choice")),
}
_LEFT_OUT = frozenset(name for name, param in TABLE.items() if param.becomes in ("left out", "refused"))


def read(raw: object) -> tuple[dict[str, Any], str | None]:
    """The parameters as the model gets them, and the ``user`` among them. null is absent. Raises JobInvalid by name."""
    given = {name: value for name, value in validation.record("params", raw).items() if value not in (None, [])}
    if isinstance(given.get("user"), int) and not isinstance(given["user"], bool):
        given["user"] = str(given["user"])  # an id of a database's
    validation.known_only("params.", given, tuple(TABLE))
    for name, value in given.items():
        TABLE[name].check(f"params.{name}", value)
    user = given.pop("user", None)
    most = given.pop("max_completion_tokens", None)
    if most is not None and given.setdefault("max_tokens", most) != most:
        raise JobInvalid("params.max_completion_tokens", str(most), f"the same as max_tokens ({given['max_tokens']})")
    if given.get("response_format") == {"type": "text"}:
        del given["response_format"]
    return {name: value for name, value in given.items() if name not in _LEFT_OUT}, user


def table() -> str:
    """The manual's table of parameters, in Markdown."""
    rows = ["| parameter | becomes | part of the key | |", "| --- | --- | --- | --- |"]
    rows += [f"| `{n}` | {p.becomes} | {'yes' if p.in_key else 'no'} | {p.says} |" for n, p in TABLE.items()]
    return "\n".join(rows)


def prompt_extras(params: Mapping[str, Any]) -> list[Any]:
    """What of the parameters the provider counts as prompt: tools, and the schema of the answer."""
    form = (params.get("response_format") or {}).get("json_schema")
    return [*(params.get("tools") or ()), *([form] if form else ())]
