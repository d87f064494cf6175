"""Traditional Chinese is read as Simplified: whoever writes it is kept apart, told apart and found as others are."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.cache.admission import of_this_moment
from pipelines.cache.answer_match import surely_same
from pipelines.context.plan import about_all
from pipelines.context.relevance import by_words
from pipelines.text.answering import lack
from pipelines.text.asker import about_the_asker
from pipelines.text.facts import facts
from pipelines.text.followup import dependence, sets_terms
from pipelines.text.gates import trip
from pipelines.text.han import simplified
from workers.encoders.characters import CharacterEncoder

# As it is written in Taiwan or Hong Kong, and in Shanghai.
PAIRS = [
    ("我的訂單到哪裡了？", "我的订单到哪里了？"),
    ("我的帳號餘額還有多少錢", "我的账号余额还有多少钱"),
    ("怎麼修改收貨地址", "怎么修改收货地址"),
    ("我沒有收到退款", "我没有收到退款"),
    ("借三萬元一個月利息是多少", "借三万元一个月利息是多少"),
    ("現在外面會下雨嗎", "现在外面会下雨吗"),
    ("總結一下上述所有內容", "总结一下上述所有内容"),
    ("為什麼我的軟體打不開", "为什么我的软件打不开"),
    ("這個要多少運費？", "这个要多少运费？"),
]


@pytest.mark.parametrize(("traditional", "written"), PAIRS, ids=range(len(PAIRS)))
def test_it_is_read_as_the_same_in_simplified(traditional: str, written: str) -> None:
    assert simplified(traditional) == written
    assert simplified(written) == written
    assert about_the_asker(traditional) == about_the_asker(written)
    assert facts(traditional) == facts(written)
    assert of_this_moment(traditional) == of_this_moment(written)
    assert sets_terms(traditional) == sets_terms(written)
    assert about_all(traditional) == about_all(written)
    assert dependence(traditional, ["你好"]) == dependence(written, ["你好"])


def test_what_is_asked_about_oneself_is_kept_for_oneself() -> None:
    assert about_the_asker("我的訂單到哪裡了？")
    assert about_the_asker("我的帳號餘額還有多少錢")
    assert not about_the_asker("怎麼修改收貨地址")


@pytest.mark.parametrize(
    ("one", "other", "gate"),
    [
        ("借三萬元利息多少", "借五萬元利息多少", "number"),
        ("怎麼開通會員", "怎麼關閉會員", "opposite"),
        ("從臺北轉到高雄怎麼走", "從高雄轉到臺北怎麼走", None),
    ],
)
def test_what_is_another_question_is_told_apart(one: str, other: str, gate: str | None) -> None:
    found, expected = trip(one, other), trip(simplified(one), simplified(other))
    assert found is not None
    assert found == expected
    assert gate is None or found.gate.startswith(gate)


def test_an_answer_that_declines_and_two_that_say_the_same() -> None:
    assert lack("抱歉，我無法回答這個問題。") == lack("抱歉，我无法回答这个问题。") == "declines"
    assert surely_same("退款會在三個工作日內退回您的帳戶。", "退款会在三个工作日内退回您的账户。")
    assert not surely_same("退款會在三個工作日內退回您的帳戶。", "退款會在七個工作日內退回您的帳戶。")


def test_a_question_finds_what_was_said_in_the_other_script() -> None:
    scores = by_words(["運費是十元。", "會員可以退貨。", "门店九点开门。"], "退货要怎么做")
    assert scores.argmax() == 1
    assert scores[1] > 0


def test_the_characters_encoder_sees_one_question_in_both() -> None:
    encoder = CharacterEncoder()
    for traditional, written in PAIRS:
        one, other = encoder.encode([traditional, written])
        assert np.allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("text", ["", "How do I pay?", "注文はどこですか", "我的配置能玩刺客信条么？", "皇后和以后"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert simplified(text) == text
