"""The tables of words: which questions are about this moment."""

from __future__ import annotations

import pytest

from pipelines.answer import Answer
from pipelines.cache.admission import Retention, of_this_moment

HOURS = Retention(frequent_ttl_s=86_400.0, ttl_s=3_600.0, frequent_asks=3)
GOOD = Answer(text="Use the link.", source="model")


@pytest.mark.parametrize(
    "question",
    [
        "Is the website down?",
        "Are you open now?",
        "Is the blue lamp in stock?",
        "What are today's opening hours?",
        "What's the current exchange rate?",
        "When does the next bus leave?",
        "How long is the queue?",
        "现在有货吗",
        "今天几点关门？",
        "下一班车几点？",
        "網站掛了嗎",
        "現在幾點？",
        "¿Está abierto ahora?",
        "¿Hay stock del modelo azul?",
        "Wie spät ist es?",
        "Ist der Laden heute offen?",
        "Quelle heure est-il ?",
        "Le magasin est-il ouvert ?",
        "O site está fora do ar?",
        "Vocês têm isso em estoque? Tem em estoque?",
        "今何時ですか？",
        "在庫はありますか",
        "지금 몇 시예요?",
        "재고가 있나요",
        "هل المتجر مفتوح الآن؟",
        "كم الساعة الآن؟",
        "Который сейчас час?",
        "Есть ли в наличии синяя лампа?",
    ],
)
def test_what_passes_is_asked_afresh_in_every_language_of_the_tables(question: str) -> None:
    assert of_this_moment(question)


@pytest.mark.parametrize(
    "question",
    [
        "I live in Norway, how do I pay customs?",
        "How do I update to the latest version?",
        "How do I close my account now?",
        "Is the shop open on Sundays?",
        "How late is the front desk open?",
        "Why is the exchange rate different on my purchase?",
        "What is the price of shipping?",
        "Do you have a newsletter?",
        "我现在想注销账户怎么办？",
        "我刚刚付款了，怎么取消？",
        "你们几点关门",
        "Was kostet der Versand?",
        "今回の注文をキャンセルしたい",
    ],
)
def test_a_time_word_alone_makes_no_question_one_of_this_moment(question: str) -> None:
    assert not of_this_moment(question)


@pytest.mark.parametrize(
    "question",
    [
        *("What's the latest iPhone?", "Is size 42 available?", "How long until the sale ends?", "Will it rain?"),
        *(
            "有什么优惠",
            "美元兑人民币多少",
            "42码还有吗",
            "Вы работаете?",
            "영업하나요?",
            "ドル円はいくらですか",
            "まだありますか",
        ),
        *("Quel est le cours de l'euro ?", "What's on TV?", "Is the sale still on?", "Ist noch was frei?"),
        *("Есть свободные места?", "what is the time in Tokyo"),
    ],
)
def test_what_passes_is_not_kept_in_whatever_form(question: str) -> None:
    assert of_this_moment(question)


@pytest.mark.parametrize(
    "question",
    [
        *("What is weather?", "What is the time complexity of quicksort?", "How do I update to the latest version?"),
        *(
            "What is the time limit for returns?",
            "还有什么办法",
            "还有问题怎么联系",
            "Is the app available in Germany?",
        ),
    ],
)
def test_what_lasts_is_kept_whatever_words_it_has(question: str) -> None:
    assert not of_this_moment(question)


@pytest.mark.parametrize(
    "question",
    [
        *(
            "周末营业吗",
            "周日开门吗",
            "节假日营业吗",
            "春节期间营业吗",
            "周末上班吗",
            "现在可以用微信支付吗",
            "你们目前支持哪些支付方式",
        ),
        *(
            "现在下单什么时候发货",
            "网站打不开怎么办",
            "缺货怎么办",
            "Is the museum closed on Mondays?",
            "Are you closed on Sundays?",
        ),
        *("What is buy now pay later?", "Do you offer real-time tracking?", "Does the app update in real time?"),
        *(
            "Is there a line of credit?",
            "What is the weather resistance of this jacket?",
            "Are you available by phone?",
        ),
        *("Are tickets free for children?", "Are tickets available online?", "What is the latest time I can check in?"),
    ],
)
def test_a_rule_is_kept_whatever_words_it_has(question: str) -> None:
    assert not of_this_moment(question)


@pytest.mark.parametrize(
    "question",
    ["Is the store closed?", "are rooms available", "Are there tickets left?", "现在营业吗", "real-time price of gold"],
)
def test_a_state_is_still_a_state(question: str) -> None:
    assert of_this_moment(question)
