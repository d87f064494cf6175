"""Gates: near questions that deserve different answers, and rewordings that must pass."""

from __future__ import annotations

import pytest

from pipelines.text.gates import trip

APART = [
    ("number", "Can I withdraw 50 dollars?", "Can I withdraw 500 dollars?"),
    ("number", "Is there a limit of two cards?", "Is there a limit of three cards?"),
    ("number", "满100元包邮吗？", "满200元包邮吗？"),
    ("number", "可以分三个月还吗？", "可以分六个月还吗？"),
    ("identifier", "Where is order A10001?", "Where is order A10002?"),
    ("identifier", "Does the X200 fit?", "Does the X300 fit?"),
    ("negation", "Is it allowed to return worn shoes?", "Is it not allowed to return worn shoes?"),
    ("negation", "Why can I pay by card?", "Why can't I pay by card?"),
    ("negation", "为什么能付款？", "为什么不能付款？"),
    ("opposite", "How do I upgrade my plan?", "How do I downgrade my plan?"),
    ("opposite", "How do I open an account?", "How do I close an account?"),
    ("opposite", "怎么退货？", "怎么换货？"),
    ("opposite", "如何开通会员？", "如何关闭会员？"),
    ("opposite", "怎么充值？", "怎么提现？"),
    ("direction", "Transfer money from savings to checking", "Transfer money from checking to savings"),
    ("direction", "从北京到上海要多久", "从上海到北京要多久"),
    ("direction", "Send money to savings from checking", "Send money from savings to checking"),
    ("person", "How do I cancel my order?", "How do I cancel my wife's order?"),
    ("person", "我的订单到哪了", "我妈妈的订单到哪了"),
    ("focus", "How much does delivery cost?", "How long does delivery take?"),
    ("focus", "运费多少钱", "退款多久到账"),
    ("region", "What is the refund policy in the EU?", "What is the refund policy in the US?"),
    ("sign", "Can I pay in TRY?", "Can I try to pay?"),
    ("sign", "How do I reach IT about it?", "How do I reach it about it?"),
    ("sign", "How many Mb are 5 files?", "How many MB are 5 files?"),
    ("quantity", "What is the maximum fee?", "What is the fee?"),
    ("plan", "Is the Basic plan refundable?", "Is the Premium plan refundable?"),
    ("payment", "Can I pay with Visa?", "Can I pay with Mastercard?"),
    ("payment", "微信怎么绑定", "支付宝怎么绑定"),
    ("brand", "苹果手机怎么保修", "华为手机怎么保修"),
    ("weekday", "Do you ship on Monday?", "Do you ship on Sunday?"),
    ("day", "今天发货吗", "明天发货吗"),
    ("period", "What is the weekly limit?", "What is the daily limit?"),
    ("place", "Does it work offline?", "Does it work online?"),
    ("money", "Why was my payment declined?", "Why was my refund declined?"),
    ("entity", "Do you deliver to Lisbon?", "Do you deliver to Porto?"),
    ("number", "Can the courier come at 8 am?", "Can the courier come at 8 pm?"),
    ("number", "Is 20 GB included?", "Is 20 MB included?"),
    ("number", "Can I send $50?", "Can I send €50?"),
    ("number", "5天能到吗", "5周能到吗"),
    ("number", "转账5万元要手续费吗", "转账5千元要手续费吗"),
    ("number", "二十五万块能贷吗", "五万零二十块能贷吗"),  # 万 multiplies all that stands before it
    ("number", "一亿二千万元能贷吗", "一亿零二千元能贷吗"),
    ("order", "What is the rate for changing dollars into euros?", "What is the rate for changing euros into dollars?"),
    ("order", "Does the seller pay the buyer?", "Does the buyer pay the seller?"),
    ("direction", "美元换成日元的汇率", "日元换成美元的汇率"),
    ("direction", "怎么把零钱转到储蓄卡", "怎么把储蓄卡转到零钱"),
    ("order", "Can the landlord end my contract early?", "Can I end my landlord's contract early?"),
    ("order", "Can my bank block the shop's charge?", "Can the shop block my bank's charge?"),
    ("order", "How much does the shop owe me?", "How much do I owe the shop?"),
    ("order", "Does the courier call the customer?", "Does the customer call the courier?"),
    ("order", "Can my tenant cancel the lease?", "Can I cancel my tenant's lease?"),
    ("order", "Who pays the agent when the owner sells?", "Who pays the owner when the agent sells?"),
    ("order", "Can the app notify my friends about me?", "Can the app notify me about my friends?"),
    ("direction", "How do I transfer money to a friend?", "How do I transfer money from a friend?"),
    ("direction", "Can I import contacts to my phone?", "Can I import contacts from my phone?"),
    ("quantity", "Do all plans include roaming?", "Do some plans include roaming?"),
    ("quantity", "Is there a fee per transfer?", "Is there a fee per month?"),
    ("opposite", "How do I clean the inner lens?", "How do I clean the outer lens?"),
    ("sign", "How do I use x++ in a loop?", "How do I use x-- in a loop?"),
    ("quantity", "Does the guarantee cover the battery only?", "Does the guarantee cover the battery too?"),
    ("quantity", "Can I use several gift codes in one order?", "Can I use one gift code in several orders?"),
    ("quantity", "Is breakfast always included?", "Is breakfast sometimes included?"),
    ("quantity", "Does the price include at least one bag?", "Does the price include at most one bag?"),
    ("number", "Can I return a lamp within thirty days?", "Can I return a lamp within sixty days?"),
    ("number", "I ordered a hundred flyers, when do they arrive?", "I ordered a thousand flyers, when do they arrive?"),
    ("count", "I missed the second payment of my loan", "I missed the third payment of my loan"),
    ("negation", "The heater does turn on, is that normal?", "The heater doesn t turn on, is that normal?"),
    ("negation", "My card does work abroad", "My card dosent work abroad"),
    ("negation", "I can open the app", "I cannt open the app"),
    ("negation", "I have received it", "I havnt received it"),
    ("opposite", "Can I change a refundable ticket?", "Can I change a non-refundable ticket?"),
    ("opposite", "Is the trial taxable?", "Is the trial untaxable?"),
    ("opposite", "It leaks from the top when it spins", "It leaks from the bottom when it spins"),
    ("sign", "Solve x^2 + 3x - 4 = 0 for x.", "Solve x^2 - 3x + 4 = 0 for x."),
    ("sign", "SELECT name FROM users WHERE age > 18", "SELECT name FROM users WHERE age < 18"),
    ("quoted", 'Is "she go home" grammatical?', 'Is "she goes home" grammatical?'),
    ("state", "Why is my account frozen?", "How do I freeze my account?"),
    ("action", "How do I see my delivery address?", "How do I change my delivery address?"),
    ("entity", "How do I return a lamp of type a?", "How do I return a lamp of type b?"),
    ("entity", "Does the plan (family) include calls?", "Does the plan (student) include calls?"),
    ("language", "O código chegou, o que faço?", "O código não chegou, o que faço?"),
    ("language", "OTP aa raha hai, kya karu?", "OTP nahi aa raha hai, kya karu?"),
    ("language", "Kod geldi, ne yapmalıyım?", "Kod gelmedi, ne yapmalıyım?"),
]

ALIKE = [
    ("How do I reset my password?", "How can I reset my password?"),
    ("Can I pay 1,000 dollars by card?", "Can I pay 1000 dollars by card?"),
    ("Is there a limit of two cards?", "Is there a limit of 2 cards?"),
    ("怎么退款？", "如何退款？"),
    ("是不是可以退货？", "可不可以退货？"),
    ("能不能退货？", "能否退货？"),
    ("这个怎么用一下？", "这个怎么使用？"),
    ("不好意思，怎么退款？", "怎么退款？"),
    ("I want to close my account", "How do I close my account?"),  # "account" is no contraction of "not"
    ("What's the price of the plan?", "How much does the plan cost?"),
    ("How long does shipping take?", "How many days does shipping take?"),
    ("Do you deliver to the U.S.?", "Do you deliver to the US?"),
    ("I can't log in", "I am unable to log in"),
    ("How do I change my PIN?", "How do I change my pin?"),  # capitals are the meaning in few words alone
    ("My card is lost. It was new.", "My card is lost, it was new."),
    ("What is the maximum for top-ups?", "What is the limit for top-ups?"),
    ("How much time does delivery take?", "How long does delivery take?"),
    ("转账1万元要多久", "转账10000元要多久"),
    ("Can I send 5k dollars?", "Can I send 5,000 USD?"),
    ("May I cancel my order?", "Can I cancel the order?"),
    ("怎么把余额转到零钱", "余额怎么转到零钱"),
    ("怎么修改地址", "地址怎么修改"),
    ("Is there a fee for a transfer abroad?", "What is the abroad transfer fee?"),
    ("My card was declined", "Was my card declined?"),
    ("Wait a second, can I cancel?", "Can I cancel?"),
    ("有没有一个办法退款", "有办法退款吗"),
]


@pytest.mark.parametrize(("gate", "a", "b"), APART)
def test_a_gate_trips_between_questions_that_only_look_alike(gate: str, a: str, b: str) -> None:
    for found in (trip(a, b), trip(b, a)):
        assert found is not None
        assert found.gate == gate


@pytest.mark.parametrize(("a", "b"), ALIKE)
def test_a_rewording_passes(a: str, b: str) -> None:
    assert trip(a, b) is None
    assert trip(b, a) is None


def test_a_reason_quotes_no_text() -> None:
    found = trip("Where is order A10001?", "Where is order A10002?")
    assert found is not None
    assert "A1000" not in found.reason
