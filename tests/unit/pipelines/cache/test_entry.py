"""An answer packed for the cache: read again as it was, in less room; what is no such thing is named."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from pipelines.answer import Answer, Usage
from pipelines.cache.entry import MARK, Entry, pack, unpack

ANSWERS = [
    Answer(text="Open the order, choose Change address, and confirm.", source="model", cost_usd=Decimal("0.00004245")),
    Answer(text="请在账户中打开该订单，选择“修改地址”并确认。", source="curated"),
    Answer(text="", source="rule", message={"role": "assistant", "content": None, "tool_calls": [{"id": "call_1"}]}),
    Answer(text="x" * 100_000, source="model", usage=Usage(prompt_tokens=9, completion_tokens=7)),
    Answer(text="nul \x00, a lone \\ud800 as text, and \U0001f469‍\U0001f469‍\U0001f467", source="model"),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_what_was_packed_is_read_again(answer: Answer) -> None:
    assert unpack(pack(answer)).encode() == answer.encode()


@pytest.mark.parametrize("answer", ANSWERS[:2], ids=["English", "Chinese"])
def test_it_takes_less_than_half_the_room(answer: Answer) -> None:
    whole = Answer.decode(
        answer.encode()
        | {"model": "gpt-4o", "provider": "openai", "price_version": "genai-prices 0.2.3", "baseline_usd": "0.0007"}
    )
    assert len(pack(whole)) < len(json.dumps(whole.kept, ensure_ascii=False).encode()) / 2


@pytest.mark.parametrize("raw", [b"", b'{"text":"plain"}', MARK, MARK + b"rubbish", pack(ANSWERS[0])[:-9]])
def test_what_is_no_packed_answer_is_named(raw: bytes) -> None:
    with pytest.raises(ValueError, match="no packed answer"):
        unpack(raw)


def test_what_was_packed_by_this_version_is_read_for_ever() -> None:
    """The words that answers are packed with are part of the format."""
    packed = bytes.fromhex("0183478b476a4e4e3eb1015f0b00")
    assert unpack(packed) == Answer(text="Hello", source="model", model="gpt-4o-mini")


def test_an_entry_goes_to_redis_and_back() -> None:
    entry = Entry("e1", "s1", "问？", ANSWERS[1], 1.5, 2.5, curated=True)
    raw = {name.encode(): value for name, value in entry.encode().items()} | {b"curated": b"1"}
    assert Entry.decode("s1", "e1", raw) == entry
