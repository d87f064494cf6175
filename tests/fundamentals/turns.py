"""What the fundamentals say and show."""

from __future__ import annotations

from typing import Any

Turns = list[dict[str, Any]]
QUESTIONS = ["How do I close my account?", "怎么关闭我的账户？"]
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
OTHER_PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,BBBB"}}


def talk(*turns: str) -> Turns:
    roles = ("user", "assistant")
    return [{"role": roles[n % 2], "content": turn} for n, turn in enumerate(turns)]
