"""Checks of an answer without a model: what shows in its words that another model would answer better.

Each check is a pure function of what was asked and what came, and says in a few words what it found, without a word of
the answer's own text: findings are in answers, logs and reports.
"""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from referencing import Registry

from pipelines.routing.arithmetic import false_sums
from pipelines.text import answering, facts, scripts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipelines.job import Job
    from pipelines.routing.completion import Completion

LONGEST_CHARS = 50_000  # of an answer that is read; a schema's answer is read whole
LONGEST_EXCUSE_CHARS = 400
LONGEST_SCHEMA_CHARS = 20_000
REPEATED = 4  # times, and MOST_REPEATED of the text: that is no chorus
MOST_REPEATED = 0.3
LEAST_REPEATED_CHARS = 12
_FENCE = re.compile(r"^[ \t]*```[ \t]*(\w*)[^\n]*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)
_NAMES_IT = 40  # characters of a label that a question may ask for: "error", "N/A"
_ASKS_FOR_JSON = re.compile(
    r"\b(?:as|in|with|return|output|valid|only|give me)\b[^.?!\n]{0,30}\bjson\b"
    r"|json[^.?!。\n]{0,6}(?:格式|形式|返回|输出)|(?:返回|输出|以|用)[^。\n]{0,10}json",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(
    r"\b(?:answer|reply|respond)\b[^.?!\n]{0,20}\b(?:only|just|simply|with)\b[^.?!\n]{0,16}\byes or no\b"
    r"|只(?:需|要|能)?(?:回答|回复)[“\"「]?是[”\"」]?(?:或|还是|/)",
    re.IGNORECASE,
)
_NO_YES_OR_NO = re.compile(r"(?:\bnot\b|n['’]t\b|不要|别)[^.?!。\n]{0,40}$", re.IGNORECASE)
_YES_NO = re.compile(r"\W*(?:(?:yes|no)\b|是|否|不|对|没|有|能|可)", re.IGNORECASE)
_BEGINS_JSON = re.compile(r"\s*(?:```(?:json)?\s*)?[{\[]", re.IGNORECASE)
MOST_REFERENCES = 16  # of a schema to its own parts: each may double the work
MOST_WORK = 20_000_000  # characters of the schema times those of the answer
_SENTENCES = re.compile(r"(?<=[.!?。！？\n])\s*")
_PYTHON = ("python", "py", "python3")
_NO_SOURCE = re.compile(r"^\s*(?:>>>|\.\.\.\s*$|[%!$]|In \[|print [\"'])", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Check:
    """``precision`` is how often another model's answer is believed to be better where the check speaks, before
    anything was seen; it is corrected by what escalations show. ``spoils``: an answer that it speaks of is not kept for
    others.
    """

    name: str
    precision: float
    says: str
    finds: Callable[[Job, str, Completion], bool]
    spoils: bool = True


def checked(job: Job, done: Completion) -> tuple[Check, ...]:
    """The checks that speak, of an answer to ``job``; a tool call is looked at by none."""
    if done.message.get("tool_calls"):
        return ()
    prose = _FENCE.sub(" ", done.text[:LONGEST_CHARS])
    return tuple(check for check in CHECKS if check.finds(job, prose, done))


def _empty(_: Job, __: str, done: Completion) -> bool:
    return not done.text.strip() and not done.message.get("refusal")


def _broken(job: Job, _: str, done: Completion) -> bool:
    said = done.text.strip()
    if not said or _structured(job) or answering.lack(said) != "broken":
        return False
    asked = job.question.text.casefold()
    return len(said) > _NAMES_IT or said.strip(" .!\"'`").casefold() not in asked


def _declines(job: Job, _: str, done: Completion) -> bool:
    """One that goes on for long answers something, whatever it begins with."""
    refused = bool(done.message.get("refusal")) or done.finish_reason == "content_filter"
    short = len(done.text) <= LONGEST_EXCUSE_CHARS and not _structured(job)
    return refused or (short and answering.lack(done.text) == "declines")


def _cut_off(job: Job, _: str, done: Completion) -> bool:
    """A bound that the job set cuts every model's answer."""
    return done.finish_reason == "length" and "max_tokens" not in job.params


def _structured(job: Job) -> bool:
    return (job.params.get("response_format") or {}).get("type") in ("json_object", "json_schema")


def _format(job: Job, _: str, done: Completion) -> bool:
    if done.finish_reason == "length" or not done.text.strip():
        return False
    wanted = job.params.get("response_format") or {}
    if _structured(job):
        described = wanted.get("json_schema")
        return _violates(done.text, described.get("schema") if isinstance(described, dict) else None)
    asked = job.question.text
    if (found := _YES_OR_NO.search(asked)) and not _NO_YES_OR_NO.search(asked[: found.start()]):
        return not _YES_NO.match(done.text)
    begins = _BEGINS_JSON.match(done.text) is not None and _ASKS_FOR_JSON.search(asked) is not None
    return begins and not any(map(_is_json, _json_of(done.text)))


def _json_of(text: str) -> Iterator[str]:
    yield text
    yield from (body for _, body in _FENCE.findall(text))
    begin, end = re.search(r"[{\[]", text), max(text.rfind("}"), text.rfind("]"))
    if begin is not None:
        yield text[begin.start() : end + 1]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _violates(text: str, schema: Any) -> bool:
    """Is it no JSON, or not as the schema says? A schema that cannot be read, or is too long, says nothing."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return True
    if not isinstance(schema, dict) or not _is_held(schema, len(text)):
        return False
    try:
        # Nothing is fetched: what it refers to elsewhere is unknown.
        return next(Draft202012Validator(schema, registry=Registry()).iter_errors(value), None) is not None
    except Exception:  # noqa: BLE001 - a caller's schema may be anything, and an answer to it is paid for
        return False


def _is_held(schema: dict[str, Any], answer_chars: int) -> bool:
    """Can an answer be held to it in no time? Patterns may take for ever, and so may parts that refer to parts."""
    plain = json.dumps(schema)
    if len(plain) > LONGEST_SCHEMA_CHARS or len(plain) * answer_chars > MOST_WORK:
        return False
    if any(f'"{name}":' in plain for name in ("pattern", "patternProperties", "uniqueItems", "$dynamicRef", "$id")):
        return False
    of_parts = {f"#/{kind}/{name}": part for kind in ("$defs", "definitions") for name, part in _parts(schema, kind)}
    return (
        plain.count('"$ref":') <= MOST_REFERENCES
        and not any(_comes_back(name, part, of_parts, ()) for name, part in of_parts.items())
        and '"$ref": "#"' not in plain
    )


def _parts(schema: dict[str, Any], kind: str) -> list[tuple[str, Any]]:
    found = schema.get(kind)
    return list(found.items()) if isinstance(found, dict) else []


def _comes_back(name: str, part: Any, of_parts: Mapping[str, Any], on_the_way: tuple[str, ...]) -> bool:
    """Does a part refer to itself, by whatever way?"""
    if name in on_the_way:
        return True
    refers = re.findall(r'"\$ref": "([^"]*)"', json.dumps(part))
    return any(_comes_back(one, of_parts[one], of_parts, (*on_the_way, name)) for one in refers if one in of_parts)


def _language(job: Job, prose: str, _: Completion) -> bool:
    """Who gives instructions about languages, or asks about one, knows what is wanted better."""
    if _structured(job) or any(
        scripts.names_a_language(m.text) for m in job.messages if m.role in ("system", "developer")
    ):
        return False
    asked = job.question.text
    return not scripts.names_a_language(asked) and scripts.another_language(asked, prose)


def _identifier(job: Job, prose: str, _: Completion) -> bool:
    """It names none of the asked numbers of an order and the like, and others of the same look that nobody named."""
    asked = facts.identifiers(job.question.text)
    named = facts.identifiers(prose) if asked else asked
    if not asked or not named or asked & named:
        return False
    known = " ".join(m.text for m in job.messages).lower()
    shapes = {_shape(one) for one in asked}
    return any(_shape(one) in shapes and one not in known for one in named)


def _shape(identifier: str) -> str:
    return re.sub(r"[a-z]", "a", re.sub(r"\d", "0", identifier.lower()))


def _sums(_: Job, prose: str, __: Completion) -> bool:
    return bool(false_sums(prose))


def _code(_: Job, __: str, done: Completion) -> bool:
    return any(
        language.lower() in _PYTHON and not _parses(body)
        for language, body in _FENCE.findall(done.text[:LONGEST_CHARS])
        if not _NO_SOURCE.search(body)
    )


def _parses(source: str) -> bool:
    try:
        ast.parse(_dedented(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _dedented(source: str) -> str:
    lines = source.splitlines()
    left = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[left:] for line in lines)


def _repeats(_: Job, prose: str, done: Completion) -> bool:
    """A model that runs in circles says one sentence again and again, until it is cut off."""
    if done.finish_reason != "length":
        return False
    said = Counter(one.strip() for one in _SENTENCES.split(prose) if "|" not in one)
    return any(
        times >= REPEATED and len(one) >= LEAST_REPEATED_CHARS and times * len(one) >= MOST_REPEATED * len(prose)
        for one, times in said.items()
    )


CHECKS = (
    Check("empty", 0.95, "nothing in it", _empty),
    Check("broken", 0.85, "an error in its place", _broken),
    Check("declines", 0.55, "it declines", _declines),
    Check("cut_off", 0.7, "it was cut off", _cut_off),
    Check("format", 0.85, "not in the form that was asked for", _format),
    Check("language", 0.85, "in another language than the question", _language, spoils=False),
    Check("identifier", 0.7, "it names another number than the question", _identifier),
    Check("sums", 0.8, "a sum that does not come out", _sums),
    Check("code", 0.75, "code that does not parse", _code),
    Check("repeats", 0.85, "it repeats itself", _repeats),
)
