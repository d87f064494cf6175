"""The tables of words: what answers nothing, and which questions are about this moment."""

from __future__ import annotations

import pytest

from pipelines.answer import Answer
from pipelines.cache.admission import Retention, answers, of_this_moment

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
    "text",
    [
        "Something went wrong. Please try again later.",
        "I don't know.",
        "I'm unable to help with that.",
        "Could you please provide your order number?",
        "Which lamp do you mean?",
        "[insert answer here]",
        "N/A",
        "...",
        "系统繁忙，请稍后再试。",
        "对不起，这个问题我暂时无法解答。",
        "请提供您的订单号。",
        "Lo siento, pero no puedo ayudarte con eso.",
        "Ich weiß es leider nicht.",
        "Une erreur est survenue. Veuillez réessayer.",
        "Desculpe, não posso ajudar com isso.",
        "Не знаю.",
        "わかりません。",
        "죄송합니다. 모르겠습니다.",
        "حدث خطأ، حاول مرة أخرى",
    ],
)
def test_what_answers_nothing_is_not_kept(text: str) -> None:
    assert not answers(text)


@pytest.mark.parametrize(
    "text",
    [
        "Yes.",
        "是的。",
        "Sorry, we do not ship to Norway.",
        "You can return it within 30 days. Is there anything else I can help with?",
        "该商品无法退货。",
        "退款会在三天内到账。",
        "Open the app, choose Cards and then Replace. If something went wrong, the app shows a code: send it.",
    ],
)
def test_a_short_or_unwelcome_answer_is_one(text: str) -> None:
    assert answers(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Our systems are currently busy.",
            "Your request is being processed.",
            "I need more information to help you.",
        ),
        *("Hello! How can I assist you today?", "The provided context does not mention this.", "I have no idea."),
        *(
            "资料中没有提到相关内容。",
            "好的，请稍等。",
            "我没有理解您的问题",
            "服务器开小差了",
            "查询失败",
            "换个话题吧",
            "您好，正在为您查询。",
        ),
        *("Es tut mir leid, dabei kann ich nicht helfen.", "Einen Moment bitte.", "¿En qué puedo ayudarle?"),
        *("Un instant, s'il vous plaît.", "Um momento, por favor.", "少々お待ちください。", "잠시만 기다려 주세요."),
        *("لحظة من فضلك.", "Я не понял ваш вопрос.", "Назовите номер заказа."),
        *(
            '{"error": "internal"}',
            "Error: connection reset",
            "<html><body>Bad Gateway</body></html>",
            "Content filtered.",
        ),
        *(
            "Please provide your order number.",
            "Please describe the problem.",
            "请提供您的订单号。",
            "TODO: write this",
            "请告诉我您的手机号",
        ),
        *("<think>Let me see what", "<think>So.</think>", "Just a moment...", "502 Bad Gateway"),
    ],
)
def test_what_says_nothing_is_no_answer_in_whatever_form(text: str) -> None:
    assert not answers(text)


@pytest.mark.parametrize(
    "text",
    [
        *("If the system is busy, wait ten minutes and use the other terminal.", "The error code 12 means no paper."),
        *(
            "<b>Yes</b>, it is free.",
            "<think>hm</think> It takes three days.",
            '{"answer": 42}',
            "退款三到五个工作日到账。",
        ),
        *("Un momento importante de la historia fue 1492.", "You need your order number and your e-mail to return it."),
        *(
            "All you need to do is tap Reset in the settings of the app. It takes a minute.",
            "You don't have to do anything.",
        ),
        *(
            "[Date and time settings](https://example.org) has it.",
            "Put <your token> in the header.",
        ),
        *("Please send the item back within 14 days.", "Please enter the code at checkout.", "True", "False", "OK"),
        *(
            "Please describe the problem in the form under Help > Contact.",
            "Please tell us at least 24 hours in advance.",
        ),
        *("Which one of the plans fits depends on your usage: up to 5 GB, take Basic.", "Hold on to your receipt."),
        *(
            "请输入旧密码和新密码,然后点击保存。",
            "请确认收货后再评价。",
            "请说明退货原因并提交申请。",
            "请描述问题并上传照片,然后点提交。",
        ),
        *("Your request is processed within 24 hours.", "We couldn't find any fee for that: transfers are free."),
        *("Documents do not have to be translated.", "For technical problems, call 0800 123456.", "转人工请按0。"),
        *("请稍等1到3个工作日,退款会原路返回。", "系统维护时间为每周二凌晨2点到4点。", "提交失败的话请换个浏览器。"),
        "不知道密码的话点击忘记密码。",
        "A connection error means the cable is loose; plug it in again and restart the box, then wait for the lamp.",
    ],
)
def test_an_answer_with_such_words_in_it_is_one(text: str) -> None:
    assert answers(text)


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
