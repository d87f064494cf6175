"""Chinese characters, as every text that is read here looks for them; Traditional ones are read as Simplified."""

from __future__ import annotations

import re
from functools import cache

from opencc import OpenCC

HAN = re.compile(r"[\u4e00-\u9fff]")
KANA = re.compile(r"[\u3041-\u309f\u30a1-\u30fa]")  # not the dot and the dash, which others use too
_ACCOUNT = re.compile("帐(?=[号户单款目])")  # accounts and bills, which are written both ways


def simplified(text: str) -> str:
    """The text as who writes Simplified Chinese would have written it; all others, Japanese too, as they are.

    What is looked for in a question, and what encoders were taught, is Simplified: 帳號 is found as 账号, 軟體 as 软件.
    """
    if not HAN.search(text) or KANA.search(text):
        return text
    if _converter("t2s").convert(text) == text:
        return _ACCOUNT.sub("账", text)
    # In Taiwan things have other names too; the second pass finds what that one leaves (Hong Kong's forms).
    found: str = _converter("t2s").convert(_converter("tw2sp").convert(text))
    return _ACCOUNT.sub("账", found)


@cache
def _converter(name: str) -> OpenCC:
    return OpenCC(name)
