"""Which tier suffices: a first decision from what can be seen on the question's surface."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.answer import Route, Tier
from pipelines.routing import choice
from pipelines.routing.catalog import MODEL_TIERS

if TYPE_CHECKING:
    from pipelines.job import Job
    from pipelines.routing.catalog import Catalog

# Weight in the score, what it looks like, and the words for the route's reason. A question goes to premium at 0.5:
# one strong cue suffices, weak ones must come together.
PREMIUM_AT = 0.5
_CUES: tuple[tuple[float, re.Pattern[str], str], ...] = (
    (
        0.5,
        re.compile(
            r"\b(?:compare|contrast|versus|vs|trade-?offs?|pros and cons|differ(?:s|ence)? between)\b|对比|相比|优缺点|利弊|权衡|区别.*分析|同比|环比",
            re.IGNORECASE,
        ),
        "compares",
    ),
    (
        0.5,
        re.compile(
            r"\b(?:prove|derive|proof|analy[sz]e|evaluate|critique|optimi[sz]e|diagnose|forecast|simulate|design a)\b"
            r"|证明|推导|论证|分析|评估|预测|设计一|优化|诊断|推理",
            re.IGNORECASE,
        ),
        "analyses",
    ),
    (
        0.5,
        re.compile(
            r"\bexplain\b.*\b(?:principle|theory|mechanism|theorem|algorithm|why|how .* works?|quantum|entanglement"
            r"|relativity|mathematics|implications?)\b|解释.*(?:原理|机制|理论|定理|算法|为什么|影响|机理)|(?:原理|机制|机理)是什么",
            re.IGNORECASE,
        ),
        "explains a theory",
    ),
    (
        0.5,
        re.compile(
            r"```|\bdef \w+\(|\bclass \w+|SELECT .+ FROM|#include|\bfunction \w+\(|Traceback|写一?[个段].*(?:代码|程序|脚本|函数)|"
            r"\b(?:write|implement|debug|refactor)\b.*\b(?:code|function|program|script|query|class|algorithm)\b",
            re.IGNORECASE,
        ),
        "code",
    ),
    (
        0.5,
        re.compile(
            r"[∫∑√≤≥≠∂]|\\(?:frac|int|sum)|\b(?:integral|derivative|equation|probability that|matrix|eigen\w+)\b|方程|积分|导数|概率|矩阵|求解"
        ),
        "mathematics",
    ),
    (0.5, re.compile(r"^\s*\|.+\|\s*$\n^\s*\|?[-:| ]+\|", re.MULTILINE), "a table"),
    (
        0.3,
        re.compile(
            r"\b(?:step[- ]by[- ]step|in detail|detailed|comprehensive|report|essay|strategy|plan for|roadmap|contract|legal|summari[sz]e)\b"
            r"|逐步|详细|全面|报告|方案|战略|策略|规划|合同|法律|总结|论文",
            re.IGNORECASE,
        ),
        "a long or careful answer",
    ),
    (
        0.2,
        re.compile(
            r"\b(?:must|at least|at most|exactly|without using|constraint|assuming|given that|if .+ then)\b|必须|至少|至多|不超过|假设|前提|条件",
            re.IGNORECASE,
        ),
        "constraints",
    ),
    (
        0.2,
        re.compile(
            r"\b(?:first|second|then|finally|furthermore)\b.*\b(?:then|second|third|finally)\b|首先.*(?:其次|然后|最后)",
            re.IGNORECASE | re.DOTALL,
        ),
        "several steps",
    ),
    (0.1, re.compile(r"\bwhy\b|为什么|为何|原因", re.IGNORECASE), "asks why"),
)
LONG_CHARS = 1_200  # a question of this length brings its own document
LONG_SCORE = 0.5
MANY_QUESTIONS = 3
MANY_SCORE = 0.3


def route(job: Job, *, prompt_tokens: int, catalog: Catalog) -> Route:
    """The tier for a job whose full prompt has about ``prompt_tokens``.

    Hard rules first: what the job asked for, then what the economy models cannot do; then the score.
    """
    if job.model in MODEL_TIERS:
        return Route(tier=_tier(job.model), score=_score(job)[0], reason="the job asked for this tier")
    if job.model != "auto":
        offer = catalog.of_model(job.model)[0]
        return Route(tier=offer.tier, score=_score(job)[0], reason="the job asked for this model", model=job.model)
    lacking = choice.lacking(job, prompt_tokens=prompt_tokens, offers=catalog.of_tier("economy"))
    if lacking is not None:
        return Route(tier="premium", score=1.0, reason=lacking)
    score, cues = _score(job)
    if score >= PREMIUM_AT:
        return Route(tier="premium", score=score, reason=f"hard: {', '.join(cues)}")
    return Route(tier="economy", score=score, reason="simple" if not cues else f"simple, though {', '.join(cues)}")


def _tier(name: str) -> Tier:
    return "premium" if name == "premium" else "economy"


def _score(job: Job) -> tuple[float, list[str]]:
    """Expected gain of premium in [0, 1], and the cues it rests on."""
    text = job.question.text
    found = [(weight, words) for weight, pattern, words in _CUES if pattern.search(text)]
    if len(text) >= LONG_CHARS:
        found.append((LONG_SCORE, "long"))
    if text.count("?") + text.count("？") >= MANY_QUESTIONS:
        found.append((MANY_SCORE, "many questions in one"))
    return round(min(sum(weight for weight, _ in found), 1.0), 2), [words for _, words in found]
