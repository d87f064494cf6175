"""What answers nothing: it declines, failed, asks back, in the languages of the tables."""

from __future__ import annotations

import pytest

from pipelines.text.answering import answers, lack


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("I'm sorry, but I can't help with that.", "declines"),
        ("抱歉，我无法回答这个问题。", "declines"),
        ("An internal error occurred. Please try again later.", "broken"),
        ("<html><body>502 Bad Gateway</body></html>", "broken"),
        ("", "broken"),
        ("Could you tell me your order number?", "asks back"),
        ("请提供您的订单号。", "asks back"),
        ("Refunds take five days.", None),
    ],
)
def test_why_an_answer_is_none_is_said(text: str, why: str | None) -> None:
    assert lack(text) == why


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
