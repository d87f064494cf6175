"""What a reader does not see makes no difference: spaces, width, accents, composed letters, marks of no width."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest

from pipelines.cache.admission import of_this_moment
from pipelines.text import followup, privacy
from pipelines.text.asker import about_the_asker
from pipelines.text.facts import facts
from pipelines.text.gates import trip
from pipelines.text.reading import bare, reading, unaccented

if TYPE_CHECKING:
    from collections.abc import Callable

LATER = {
    "two spaces": lambda text: text.replace(" ", "  "),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "a new line": lambda text: text.replace(" ", "\n", 1),
    "a line as forms send it": lambda text: text.replace(" ", "\r\n"),
    "an empty line": lambda text: text.replace(" ", "\n\n", 1),
    "emphasis": lambda text: " ".join(
        f"**{word}**" if word in ("my", "ma", "meu") else word for word in text.split(" ")
    ),
    "a tab": lambda text: text.replace(" ", "\t"),
    "wide letters": lambda text: "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text),
    "a space of no width": lambda text: f"{text[:3]}\u200b{text[3:]}",
    "a soft hyphen": lambda text: f"{text[:4]}\u00ad{text[4:]}",
    "a mark of direction": lambda text: f"\u202a{text}\u202c",
    "a typesetter's apostrophe": lambda text: text.replace("'", "’"),
    "decomposed letters": lambda text: unicodedata.normalize("NFD", text),
    "no accents": unaccented,
    "capitals": str.upper,
}
MINE = [
    "What is my balance?",
    "what's my remaining data",
    "Where is my parcel?",
    "Où est ma commande ?",
    "¿Cuántos puntos tengo?",
    "Siparişim nerede?",
    "Đơn hàng của tôi đâu?",
    "Gdzie jest moje zamówienie?",
    "Onde está meu pacote?",
    "أين طلبي؟",
    "我的订单到哪里了",
]
PASSES = ["What is the weather like now?", "¿Qué hora es ahora?", "Il fait quel temps aujourd'hui ?", "今天天气怎么样"]
ALL_WAYS = pytest.mark.parametrize("way", LATER.values(), ids=LATER)


@ALL_WAYS
def test_who_asks_about_oneself_is_seen(way: Callable[[str], str]) -> None:
    assert [text for text in MINE if not about_the_asker(text)] == []
    assert [way(text) for text in MINE if not about_the_asker(way(text))] == []


@pytest.mark.parametrize(
    "text",
    [
        "أين طلبى؟",
        "أين طلبی؟",
        "أين طلـبي؟",
        "combien ai‑je ?",
        "我の訂單在哪",
        "我買的「ピカチュウ」發貨了嗎",
        "為什麼我的帳號被凍結？・",
    ],
)
def test_other_keyboards_and_names_among_it_change_nothing(text: str) -> None:
    assert about_the_asker(text)


@ALL_WAYS
def test_what_passes_is_seen(way: Callable[[str], str]) -> None:
    assert [text for text in PASSES if not of_this_moment(text)] == []
    assert [way(text) for text in PASSES if not of_this_moment(way(text))] == []


@pytest.mark.parametrize(
    "text", ["My number is ４１５５５５２６７１, call me", "mail a\u200bda@exam\u200bple.org", "ａｄａ＠example.org"]
)
def test_personal_data_is_seen_however_it_is_written(text: str) -> None:
    assert privacy.personal(text)


@ALL_WAYS
def test_what_is_no_question_of_ones_own_stays_everybodys(way: Callable[[str], str]) -> None:
    general = ["How do I reset my password?", "Which cards do you take?", "怎么修改收货地址"]
    assert [way(text) for text in general if about_the_asker(way(text)) or of_this_moment(way(text))] == []


@ALL_WAYS
def test_a_number_or_a_denial_tells_apart_however_it_is_written(way: Callable[[str], str]) -> None:
    for one, other in (
        ("Can I get 20 euros back?", "Can I get 50 euros back?"),
        ("Why can't I log in here?", "How can I log in here?"),
    ):
        assert trip(one, way(other)) is not None
        assert trip(way(one), way(other)) is not None


def test_what_a_user_said_before_matters_however_it_is_written() -> None:
    assert followup.sets_terms("I'm\u00a0on the\u00a0student  plan.")
    assert followup.dependence("And  what\u200b about that?", ["How do I pay?"]) is not None


def test_two_that_look_alike_have_the_same_facts() -> None:
    assert facts("Send  ２０ euros\u00a0to Ada’s card") == facts("Send 20 euros to Ada's card")


@pytest.mark.parametrize("text", ["", "line one\nline two", "ﬁne ½ ℃ ②", "a = b  # kept"])
def test_lines_and_signs_stay(text: str) -> None:
    assert reading(text) == " ".join(text.split(" ")).replace("  ", " ")


def test_only_languages_with_accents_are_looked_for_without_them() -> None:
    assert bare({"en": "mine", "es": "cuánto", "pl": "zamówienie|mój"}) == {"es": "cuanto", "pl": "zamowienie|moj"}
