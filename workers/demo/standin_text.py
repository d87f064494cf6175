"""What the stand-in model says: the same to the same question, alike to questions of one meaning."""

from __future__ import annotations

import json
import random
import zlib
from typing import TYPE_CHECKING

from pipelines.cache import answer_match, judge_prompt
from pipelines.text.han import HAN

if TYPE_CHECKING:
    from collections.abc import Mapping

MODELS = ("gpt-4o-mini", "gpt-4o", "gpt-4.1-mini")
_LINES = {
    "en": (
        "Open your account page and choose the matching entry.",
        "Follow the steps that are shown there and confirm at the end.",
        "You will get a message once it is done.",
        "If anything is unclear, our support team is glad to help.",
        "Most requests are completed within two working days.",
        "Please keep your order number at hand.",
    ),
    "zh": (
        "请打开账户页面并选择对应的选项。",
        "按照页面提示操作，最后确认即可。",
        "完成后您会收到通知。",
        "如有疑问，客服很乐意为您解答。",
        "大多数请求会在两个工作日内处理完毕。",
        "请准备好您的订单号。",
    ),
}
# An answer to a known meaning names things of its own, as a real one would: words that no other answer has.
_SYLLABLES = {
    "en": ([c + v for c in "bdfgklmnprstvz" for v in "aeiou"], 3),
    "zh": (list("天地日月山水火木金土风云雨雪花草树石江河湖海春夏秋冬东西南北红黄蓝白黑青"), 2),
}
_SENTENCE = {
    "en": "Open {}, {} and {}; then {}, {}, {} or {}.",
    "zh": "打开{}、{}、{}，再选{}、{}、{}或{}。",
}


def answer_text(model: str, question: str, meanings: Mapping[str, str] | None = None) -> str:
    """What the stand-in says, and that it is one; ``meanings`` tells what some questions mean."""
    meaning = (meanings or {}).get(question)
    language = "zh" if HAN.search(question) else "en"
    if meaning is not None:
        return _to_a_meaning(model, question, f"{language} {meaning}", language)
    seed = zlib.crc32(question.encode())
    lines = _LINES[language]
    count = (3 if model == MODELS[0] else 5) + seed % 4
    opening = {"en": f"(stand-in for {model}, reply {seed:08x})", "zh": f"（{model} 的替身，回复 {seed:08x}）"}[
        language
    ]
    return " ".join([opening, *(lines[(seed + n * 7) % len(lines)] for n in range(count))])


def verdict_text(asked: str, about: str, meanings: Mapping[str, str]) -> str:
    """What the stand-in says as a judge; of questions whose meaning it was not told it says that it does not know."""
    given = json.loads(about)
    if asked == judge_prompt.ANSWERS:
        return "yes" if answer_match.evidence(given["one"], given["other"]) > 0 else "no"
    new, others = meanings.get(given["new"]), [meanings.get(other) for other in given["others"]]
    if new is None or None in others:
        return "unknown"
    said = [("none", "yes") if other == new else ("something else is asked", "no") for other in others]
    return json.dumps([{"difference": difference, "same": same} for difference, same in said])


def _to_a_meaning(model: str, question: str, meaning: str, language: str) -> str:
    """The same things to all of one meaning; how much is said around them differs from question to question."""
    opening = {"en": f"(stand-in for {model})", "zh": f"（{model} 的替身）"}[language]
    dice = random.Random(meaning)  # noqa: S311 - the same words each time
    syllables, length = _SYLLABLES[language]
    things = ["".join(dice.choices(syllables, k=length)) for _ in range(28)]
    said = [_SENTENCE[language].format(*things[n : n + 7]) for n in range(0, len(things), 7)]
    around = random.Random(question)  # noqa: S311 - likewise
    return " ".join([opening, *said, *around.sample(_LINES[language], around.randint(0, 1))])
