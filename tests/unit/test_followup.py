"""Which turns stand alone, in English and Chinese."""

from __future__ import annotations

import pytest

from pipelines.followup import dependence

BEFORE = ["Do you ship to Spain?"]


@pytest.mark.parametrize(
    "turn",
    [
        "And for the other one?",
        "How long does that take?",
        "What about Germany?",
        "Why?",
        "Is it free?",
        "the blue one",
        "What is the price of it?",
        "Does that have the same warranty?",
        "What is the customer number here?",
        "Can you explain the plan you mentioned?",
        "Not documents, I was asking for attachments",
        "How many megabytes can I use each month?",
        "How old is he?",
        "yes",
        "那怎么办？",
        "多久能到？",
        "它多少钱？",
        "另一个呢？",
        "为什么？",
        "可以的",
        "结局是什么样的？",
        "有什么推荐的吗？",
        "什么时候会下雨？",
        "还有多少钱？",
    ],
)
def test_a_turn_that_points_back_does_not_stand_alone(turn: str) -> None:
    assert dependence(turn, BEFORE) is not None


@pytest.mark.parametrize(
    "turn",
    [
        "How do I reset my account password?",
        "What is the warranty period of your office chairs?",
        "Can I change the delivery address after ordering?",
        "如何修改我的登录密码？",
        "I lost my bank card, how do I freeze it?",
        "My parcel came yesterday but it was broken, can I send it back?",
        "There is a payment in the app that is not mine",
        "What are the currencies that are supported for both buying and selling?",
        "I have not received the new PIN yet",
        "Please delete my account immediately",
        "你们周末可以配送大件家具吗？",
        "还清借款后多久可以再次申请？",
        "不是每个月十一号扣款吗？",
        "我昨天申请的借款到现在没有到账",
    ],
)
def test_a_whole_question_stands_alone(turn: str) -> None:
    assert dependence(turn, BEFORE) is None


@pytest.mark.parametrize("turn", ["What are the benefits?", "Do I need scripts?", "Is there a limit on the size?"])
def test_a_turn_that_names_no_topic_of_its_own_needs_what_came_before(turn: str) -> None:
    assert dependence(turn, BEFORE) == "it says too little to stand alone"


@pytest.mark.parametrize(
    "turn", ["How do I reset my password?", "Can I pay by card in Norway?", "What does OpenShift cost?"]
)
def test_a_turn_with_a_topic_stands_alone(turn: str) -> None:
    assert dependence(turn, BEFORE) is None


@pytest.mark.timeout(30)  # half a second where the work grows with the length, hours where it grows with its square
@pytest.mark.parametrize("words", ["the cat, it ", "a thing that is and it that ", "my own my own "])
def test_a_very_long_turn_is_judged_too(words: str) -> None:
    assert dependence(words * 20_000, BEFORE) == dependence(words * 20, BEFORE)
