"""Which questions are about whoever asks them."""

from __future__ import annotations

import pytest

from pipelines.text.asker import about_the_asker


@pytest.mark.parametrize(
    "question",
    [
        "What is my balance?",
        "what's my remaining data",
        "How much do I owe?",
        "Where is my parcel?",
        "When will I get my refund?",
        "Has my order been shipped yet?",
        "Is my account blocked?",
        "Which plan am I on?",
        "Show me my invoices",
        "Why was I charged twice?",
        "What medication am I on?",
        "Have I been charged?",
        "Did you receive my payment?",
        "Can I know my balance?",
        "wheres my order",
        "我的报告出来没有？",
        "我绑定的手机号是多少？",
        "我为什么被扣款？",
        "我有几张优惠券？",
        "帮我查一下余额",
        "order status of my last order: where is my package",
        "我的余额",
        "我的余额是多少？",
        "我的套餐包含多少个账号？",
        "我的订单到哪了",
        "我还欠多少钱",
        "我什么时候能收到退款？",
        "我的餘額是多少",
        "¿Cuál es mi saldo?",
        "Wie hoch ist mein Guthaben?",
        "Où est ma commande ?",
        "Onde está meu pedido?",
        "Какой мой баланс?",
        "私の残高はいくらですか",
        "내 잔액이 얼마예요?",
        "Dov'è il mio ordine?",
        "Waar is mijn bestelling?",
        "Gdzie jest moje zamówienie?",
        "Var är min beställning?",
        "Hvor er pakken min?",
        "Missä tilaukseni on?",
        "Kde je moje objednávka?",
        "Unde este comanda mea?",
        "Hol van a csomagom?",
        "Siparişim nerede?",
        "Bakiyem ne kadar?",
        "Di mana pesanan saya?",
        "Đơn hàng của tôi đâu?",
        "Де моє замовлення?",
        "Πού είναι η παραγγελία μου;",
        "איפה ההזמנה שלי?",
        "أين طلبي؟",
        "كم رصيدي؟",
        "मेरा ऑर्डर कहाँ है?",
        "พัสดุของฉันอยู่ที่ไหน",
        "我嘅訂單喺邊？",
    ],
)
def test_what_differs_from_user_to_user(question: str) -> None:
    assert about_the_asker(question)


@pytest.mark.parametrize(
    "question",
    [
        "How do I reset my password?",
        "Can I cancel my order?",
        "How can I check my balance?",
        "Why was my card declined?",
        "What should I do if my card is lost?",
        "How much do I have to pay for shipping?",
        "What are my options for topping up?",
        "Why do I need to have my identity verified?",
        "Is my data sent encrypted?",
        "Will my card be blocked if I enter a wrong PIN?",
        "《我的世界》是什么时候出的？",
        "我的密码怎么改？",
        "我的订单可以取消吗",
        "怎么查我的余额",
        "Wie kann ich meine Adresse ändern?",
        "Come posso annullare il mio ordine?",
        "Hoe kan ik mijn wachtwoord wijzigen?",
        "Jak mogę zmienić moje hasło?",
        "Siparişimi nasıl iptal ederim?",
        "Bagaimana cara membatalkan pesanan saya?",
        "Làm sao để hủy đơn hàng của tôi?",
        "كيف ألغي طلبي؟",
    ],
)
def test_a_way_to_do_something_is_the_same_for_all(question: str) -> None:
    assert not about_the_asker(question)
