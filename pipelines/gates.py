"""Gates: deterministic reasons to distrust a near neighbour, in English and Chinese."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trip:
    """A gate that tripped: its name and why, without quoting the texts."""

    gate: str
    reason: str


_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_WORD_NUMBERS = dict(
    zip(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
        map(str, range(13)),
        strict=True,
    )
)
_HAN_NUMBERS = dict(
    zip("零一二两三四五六七八九十", ["0", "1", "2", "2", "3", "4", "5", "6", "7", "8", "9", "10"], strict=True)
)
# A Han numeral counts only before a measure word or unit: 一下, 一样, 统一 carry no number.
_HAN_COUNT = re.compile(r"([零一二两三四五六七八九十])(?=[个天次月年周日号元块件张份笔台位小分])")
# Letters and digits together: order numbers, models, flight numbers.
_IDENTIFIER = re.compile(r"\b(?=[a-z-]*\d)(?=[\d-]*[a-z])[a-z\d]+(?:-[a-z\d]+)*\b", re.IGNORECASE)
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|without|cannot|unable|nor|neither|\w+n['’]?t)\b"
    r"|不(?!错|同|管|过|仅|但|好意思|知道)|没(?!关系)|无法|未|别(?!的|人)|非(?!常)",
    re.IGNORECASE,
)
# Asking "can I or can I not" is one question, not a denial.
_CHOICE = re.compile(r"([\u4e00-\u9fff])[不没]\1|是否|能否|可否|or not\b", re.IGNORECASE)

# Each row names two sides of an action or a quality; the same row's sides have different answers.
_OPPOSITES: tuple[tuple[str, str], ...] = (
    (r"upgrad\w*", r"downgrad\w*"),
    (r"open(?:ing|ed)?", r"clos(?:e|es|ed|ing)"),
    (r"enabl\w*|activat\w*|turn on", r"disabl\w*|deactivat\w*|turn off"),
    (r"add(?:ing|ed)?", r"remov\w*|delet\w*"),
    (r"increas\w*|rais(?:e|ing)", r"decreas\w*|lower\w*|reduc\w*"),
    (r"buy(?:ing)?|purchas\w*", r"sell(?:ing)?"),
    (r"deposit\w*|top\w*[ -]?up", r"withdraw\w*"),
    (r"send(?:ing)?|sent", r"receiv\w*"),
    (r"start\w*", r"stop\w*|cancel\w*"),
    (r"subscrib\w*", r"unsubscrib\w*"),
    (r"lock(?:ed|ing)?|freez\w*|block\w*", r"unlock\w*|unfreez\w*|unblock\w*"),
    (r"refund\w*", r"exchang\w*|replac\w*"),
    (r"before", r"after"),
    (r"debit", r"credit"),
    (r"personal", r"business"),
    (r"minimum|min", r"maximum|max"),
    ("退货|退掉|退款|退钱", "换货|更换|调换"),
    ("开通|打开|开启|启用|开户", "关闭|关掉|停用|注销|销户"),
    ("绑定|添加", "解绑|解除|删除|移除"),
    ("充值|存入|转入", "提现|取出|转出"),
    ("升级", "降级"),
    ("提高|增加|提升", "降低|减少"),
    ("提前", "延期|推迟|延后"),
    ("冻结|挂失|锁定", "解冻|解挂|解锁"),
    ("买入|购买", "卖出|出售"),
    ("借入|借款|借钱", "还款|还钱"),
    ("之前|以前", "之后|以后"),
    ("最少|最低", "最多|最高"),
)


def _side(pattern: str) -> re.Pattern[str]:
    chinese = re.search(r"[\u4e00-\u9fff]", pattern)
    return re.compile(pattern if chinese else rf"\b(?:{pattern})\b", re.IGNORECASE)


_SIDES = tuple((_side(a), _side(b)) for a, b in _OPPOSITES)
_DIRECTION = re.compile(
    r"\bfrom (?:my |the |a |an )?([\w-]+(?: [\w-]+)?) (?:in)?to (?:my |the |a |an )?([\w-]+)"
    r"|从(.{1,8}?)(?:转到|转|到|至|换成|换|去)([^,。?的]{1,8})",
    re.IGNORECASE,
)


def trip(a: str, b: str) -> Trip | None:
    """The first gate that trips between two questions, or None. Symmetric."""
    return next((found for gate in GATES if (found := gate(a, b)) is not None), None)


def numbers(a: str, b: str) -> Trip | None:
    """Different numbers, amounts, dates or times."""
    return None if _numbers(a) == _numbers(b) else Trip("number", "they name different numbers")


def _numbers(text: str) -> Counter[str]:
    # "1,000" and "1000" are one number; "10:30" and "1030" need not be told apart here.
    found = [re.sub(r",(?=\d{3}\b)", "", number) for number in _NUMBER.findall(text)]
    found += [
        _WORD_NUMBERS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _WORD_NUMBERS and word != "one"
    ]
    found += [_HAN_NUMBERS[han] for han in _HAN_COUNT.findall(text)]
    return Counter(found)


def identifiers(a: str, b: str) -> Trip | None:
    """Different order numbers, product models, codes."""
    ours, theirs = ({found.lower() for found in _IDENTIFIER.findall(text)} for text in (a, b))
    return None if ours == theirs else Trip("identifier", "they name different identifiers")


def negation(a: str, b: str) -> Trip | None:
    """One denies what the other says."""
    return None if _denials(a) % 2 == _denials(b) % 2 else Trip("negation", "one of them is negated")


def _denials(text: str) -> int:
    return len(_NEGATION.findall(_CHOICE.sub(" ", text)))


def opposites(a: str, b: str) -> Trip | None:
    """Opposed actions or qualities."""
    for left, right in _SIDES:
        ours = (bool(left.search(a)), bool(right.search(a)))
        theirs = (bool(left.search(b)), bool(right.search(b)))
        if ours != theirs and any(ours) and any(theirs):
            return Trip("opposite", "they name opposed actions")
    return None


def direction(a: str, b: str) -> Trip | None:
    """From A to B, and from B to A."""
    ours, theirs = _DIRECTION.search(a), _DIRECTION.search(b)
    if ours is None or theirs is None:
        return None
    (here, there), (hence, thither) = ([part.lower() for part in match.groups() if part] for match in (ours, theirs))
    if _same_place(here, thither) and _same_place(there, hence) and not _same_place(here, hence):
        return Trip("direction", "they go opposite ways")
    return None


def _same_place(one: str, other: str) -> bool:
    """The pattern cuts a place off after a word, or takes some of what follows it: one begins as the other."""
    return one.startswith(other) or other.startswith(one)


GATES = (identifiers, numbers, negation, opposites, direction)
