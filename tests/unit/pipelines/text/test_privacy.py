"""Personal data: found, named, masked; and what is personal without being data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.privacy import kinds, mask, personal

FOUND = [
    ("email", "write to jo.doe+shop@mail.example.org please"),
    ("email", "我的邮箱是zhang@example.cn谢谢"),
    ("card", "my card 4111 1111 1111 1111 was refused"),
    ("card", "卡号6225760000000005被拒"),
    ("phone", "call me at +44 20 7946 0958"),
    ("phone", "我的手机号是13800138000"),
    ("phone", "(555) 010-9999"),
    ("id_number", "身份证11010519491231002X"),
    ("ip", "my router is 82.165.12.9 and refuses"),
    ("ip", "2001:db8::8a2e:370:7334 cannot connect"),
    ("name", "my name is Ada Lovelace, where is my parcel?"),
    ("name", "我叫张三丰,快递到哪了"),
    ("iban", "my IBAN is DE89 3704 0044 0532 0130 00"),
]


@pytest.mark.parametrize(("kind", "text"), FOUND)
def test_personal_data_is_found_and_masked(kind: str, text: str) -> None:
    assert kinds(text) == {kind}
    masked = mask(text)
    assert f"<{kind}>" in masked
    assert not kinds(masked)
    assert personal(text)


@pytest.mark.parametrize(
    "text",
    [
        "How do I return an item within 30 days?",
        "Is there a discount above 1,000 dollars?",
        "2026-11-24 at 10:30",
        "满200减30怎么用？",
        "Do you sell the XPS 13?",
        "What does my name on the card have to be?",
        "Which version is 2.0.1?",
        "我的名字怎么改",
        "open 10:30 to 12:45",
    ],
)
def test_ordinary_questions_hold_none(text: str) -> None:
    assert kinds(text) == frozenset()
    assert mask(text) == text


@pytest.mark.parametrize(
    "text", ["Where is order A10001?", "ticket #4711 please", "合同2026110099的状态", "order 10001"]
)
def test_what_is_said_about_ones_own_order_is_personal(text: str) -> None:
    assert personal(text)


def test_a_wrong_check_digit_is_not_a_card() -> None:
    assert "card" not in kinds("4111 1111 1111 1112")


@given(st.text())
def test_any_text_can_be_masked(text: str) -> None:
    assert not kinds(mask(text)) or len(mask(text)) <= len(text) + 20


@pytest.mark.parametrize(
    "text", ["call (555) 123-4567 x890 please", "6011 1111 1111 1117 ext 5", "1234567x89", "12345678 x 9012345678"]
)
def test_an_extension_is_no_digit(text: str) -> None:
    assert mask(text) != text
