"""Which turns stand alone, in English and Chinese."""

from __future__ import annotations

import pytest

from pipelines.text.followup import dependence, sets_terms

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
        "What are the currencies that are supported for both buying and selling?",
        "Please delete my account immediately",
    ],
)
def test_a_whole_question_stands_alone(turn: str) -> None:
    assert dependence(turn, BEFORE) is None


@pytest.mark.parametrize("turn", ["What are the benefits?", "Do I need scripts?"])
def test_a_turn_that_names_no_topic_of_its_own_needs_what_came_before(turn: str) -> None:
    assert dependence(turn, BEFORE) == "it says too little to stand alone"


@pytest.mark.parametrize("turn", ["How do I reset my password?", "Can I pay by card in Norway?", "怎么申请电子发票？"])
def test_a_turn_with_a_topic_stands_alone(turn: str) -> None:
    assert dependence(turn, BEFORE) is None


@pytest.mark.timeout(30)  # half a second where the work grows with the length, hours where it grows with its square
@pytest.mark.parametrize("words", ["the cat, it ", "a thing that is and it that ", "my own my own "])
def test_a_very_long_turn_is_judged_too(words: str) -> None:
    assert dependence(words * 20_000, BEFORE) is not None
    assert sets_terms(words * 20_000)
    assert dependence(words * 40, [("and " * 200) + "zz"]) is not None


@pytest.mark.parametrize(
    "turn",
    [
        "Can you summarise our conversation?",
        "Can you shorten your answer to 50 words?",
        "Show me a version in Java",
        "How much can I give my 3 year old child?",
        "Can I bring my dog?",
        "Do you have a size medium in blue?",
        "Can you explain step 2?",
        "Do you have a cheaper version?",
        "黑色的什么时候能到货？",
        "可以放洗衣机里洗吗？",
        "保质期多长时间？",
        "儿童可以减半服用吗？",
        "换成红色可以吗",
        "为什么比官网贵",
        "电池容量多大",
    ],
)
def test_a_turn_about_what_was_spoken_of_needs_it(turn: str) -> None:
    assert dependence(turn, BEFORE) is not None


@pytest.mark.parametrize(
    "before",
    [
        "我怀孕6个月了，可以坐飞机吗？",
        "请用英文回答，退货政策是什么？",
        "我儿子5岁，要买票吗？",
        "我家在新疆，包邮吗？",
        "本人学生，有优惠吗",
        "I have a Samsung S20, does your app work?",
        "Can you be brief?",
        "Could you use metric units please?",
        "As a student do I get a discount?",
        "Is the store open, I have a peanut allergy?",
    ],
)
def test_what_a_question_says_of_its_asker_colours_what_follows(before: str) -> None:
    assert dependence("How do I reset my account password?", [before]) is not None


@pytest.mark.parametrize(
    ("said", "answered", "turn"),
    [
        (["你們有賣洗衣機嗎？"], ["有。"], "這個可以退款嗎？"),
        (["有耳機嗎？"], ["有。"], "這款耳機怎麼付款？"),
        (["洗濯機はありますか"], ["はい。"], "その商品の配送料金は何円ですか？"),
        (["세탁기 있어요?"], ["네."], "이 제품은 결제 방법이 뭐예요?"),
        (["Haben Sie Konten?"], ["Ja."], "Und was kostet das in der App pro Monat extra?"),
        (["Is er een app?"], ["Ja."], "Is dat ook in de app te zien bij mijn account?"),
        (["¿Hay app?"], ["Sí."], "¿Has dicho que ese también funciona en la app del banco?"),
        (["Which card do I have?"], ["You have the Gold card."], "What are the fees for my card abroad?"),
        (["Where do I fly?"], ["You are on BA117 to Rome."], "How can I change the card for my flight payment?"),
        (["我的卡是什么卡？"], ["您的是金卡。"], "怎么修改登录密码？"),
        (
            ["How do I open an account for a minor?"],
            ["In a branch."],
            "What documents are needed for the verification?",
        ),
        (["How do I transfer money to India?"], ["In the app."], "How much is the fee for my transfer?"),
        (["Where is your Boston office?"], ["12 Main St."], "What is your phone number and your opening hours?"),
        (["生鲜能退吗？"], ["不能。"], "退款一般多久到账？"),
    ],
)
def test_what_may_be_about_what_was_spoken_of_is_not_asked_alone(
    said: list[str], answered: list[str], turn: str
) -> None:
    assert dependence(turn, said, answered) is not None


@pytest.mark.parametrize(
    "turn", ["How do I reset my password?", "怎么重置密码？", "How can I pay by card?", "怎麼重設密碼？"]
)
def test_a_way_to_do_something_is_asked_alone(turn: str) -> None:
    assert dependence(turn, ["Do you ship to Spain?"], ["Yes, we do."]) is None


@pytest.mark.parametrize(
    ("before", "turn"),
    [
        ("Do you offer a business account?", "How do I open an account?"),
        ("Is WhatsApp safe?", "How do I delete an account?"),
        ("Compare Revolut with N26.", "How do I close an account?"),
        ("小米路由器怎么重启?", "怎么修改密码?"),
        ("微信怎么绑卡?", "怎么修改支付密码?"),
    ],
)
def test_what_every_service_has_may_be_that_of_a_product_named_before(before: str, turn: str) -> None:
    assert dependence(turn, [before], ["Sure."]) is not None


@pytest.mark.parametrize(
    ("before", "turn"),
    [
        ("How do I reset my password?", "How do I delete my account?"),
        ("What are your opening hours?", "How do I reset my password?"),
        ("How do I pay with PayPal?", "How do I add PayPal to my account?"),
        ("怎么退款?", "怎么修改密码?"),
    ],
)
def test_it_is_this_service_s_where_nothing_else_was_named(before: str, turn: str) -> None:
    assert dependence(turn, [before], ["Sure."]) is None
