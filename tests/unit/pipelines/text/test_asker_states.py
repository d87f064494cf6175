"""Whose state is asked for without a word for "my", and what only sounds so."""

from __future__ import annotations

import pytest

from pipelines.text.asker import about_the_asker

OWN = """
did it ship yet
Did it ship?
has it shipped
when will the package arrive
when will it arrive
Has the refund gone through?
Did the refund go through yet
is the package here
where's the package
was the payment received
did you receive the payment I made
has the transfer arrived yet
Did the money arrive?
has the loan been approved
is the application approved yet
was the application rejected
any news on the ticket
any update on ticket 4411
what's the status of the claim
What is the status of the complaint I filed
is the technician still coming today
when is the technician coming
is the appointment still on for tomorrow
what time is our appointment
are we still on for Tuesday
what do we owe
what's left on the gift card
what's the balance
balance?
current balance
when does the contract end
which plan do we have
are we covered
what did I order last time
which phone number is on the account
is the account locked
is the card blocked
who cancelled the order
was the order cancelled
did you send the code
it still says pending
still pending?
is it still pending
how long until it's delivered
how much was the last bill
why is the bill so high this month
why is this month's bill higher
who used the card in Paris
what's this charge of 20 dollars
what is this charge
who made this purchase
when did I last log in
who signed for the parcel
到账了吗
钱到账了没
退款到账了吗
退款成功了吗
退款退了吗
发货了吗
发货了没有
快递到哪了
快递什么时候到
包裹到了吗
还剩多少积分
还欠多少
还要还多少钱
这个月账单多少
本月账单多少
上个月话费多少
为什么扣了两次钱
怎么扣了我两次
扣款了吗
扣款成功了吗
付款成功没
订单取消了吗
订单为什么被取消
申请通过了吗
审核通过了没
审核到哪一步了
账号被冻结了吗
账号为什么被封
到底发没发货
维修师傅什么时候来
师傅今天还来吗
预约的时间是几点
您好 之前那个订单咋样了
昨天下的单什么时候发
昨天下单的那个可以改地址吗
刚才付的钱能退吗
刚刚那笔转账撤回
刚转的钱能撤回吗
工资到了吗
贷款批下来了吗
放款了吗
还款日是哪天
最低还款多少
¿ya llegó mi pedido?
¿ya salió el paquete?
¿se hizo el reembolso?
¿cuándo llega el paquete?
ist das Paket schon da?
Wurde die Zahlung gebucht?
Wann kommt das Paket?
Ist die Bestellung storniert?
Le colis est-il arrivé ?
Le remboursement a-t-il été effectué ?
Quand arrive le colis ?
荷物は届きましたか
返金されましたか
注文はキャンセルされましたか
残高はいくら
배송 출발했나요
환불 됐나요
택배 언제 와요
посылка пришла?
деньги вернули?
когда придёт посылка
هل وصل الطرد
هل تم رد المبلغ
o pacote já chegou?
o reembolso foi feito?
quando chega a encomenda?
"""
GENERAL = """
When do refunds arrive?
How long does a refund take?
How long does delivery take
When are orders shipped?
Are orders shipped on Sundays?
Is the card accepted abroad?
Is the card accepted in Spain?
Are cards accepted everywhere?
Was the company founded in Germany?
Is the account closed automatically if it is not used?
When will it be available in my country?
When will the new app be released?
Has the price changed since last year?
Is the store open today?
Where is the nearest branch?
Where is the IBAN on the card?
When does the sale end?
When will the sale start?
Is the fee refunded if I cancel?
Are returns free?
Is delivery included?
Can the order be cancelled after it shipped?
What happens when the payment fails?
What happens if the package is lost?
Is the app secure?
Did the terms change?
What is the status of a pending transfer called?
What does pending mean?
Why is a payment pending?
Why are payments declined?
How do I cancel an order?
How do I track a package?
Is the warranty transferable?
Is the insurance mandatory?
When do points expire?
Do points expire?
When does a subscription renew?
How is the bill calculated?
How is the balance calculated?
What is a balance transfer?
What is the minimum balance?
What is the maximum withdrawal?
Is there a fee for transfers?
Who made the first computer?
Who used the first credit card?
Who signed the Declaration of Independence?
When did Germany reunite?
Did the dinosaurs come before mammals?
Was the moon landing real?
Has the war ended?
怎么退款
退款多久到账
一般什么时候发货
多久发货
周末发货吗
支持七天退货吗
可以货到付款吗
能用支付宝付款吗
会员有什么权益
如何取消订单
订单取消后多久退款
快递一般几天到
花呗怎么还款
借呗的额度是怎么定的
贷款需要什么条件
审核要多久
账号被封了怎么办
验证码收不到怎么办
提现到账要多久
转账限额是多少
余额宝收益什么时候到账
还款日可以改吗
最低还款是什么意思
¿Cuánto tarda el reembolso?
¿Se puede cancelar un pedido?
Wie lange dauert die Lieferung?
Wann kommen Bestellungen an?
Combien de temps prend la livraison ?
Quanto tempo demora a entrega?
返金はいつされますか
배송은 며칠 걸리나요
Сколько идёт посылка?
"""


@pytest.mark.parametrize("question", OWN.split("\n")[1:-1])
def test_how_ones_own_thing_stands_is_ones_own(question: str) -> None:
    assert about_the_asker(question)


@pytest.mark.parametrize("question", GENERAL.split("\n")[1:-1])
def test_what_holds_for_all_is_no_ones_own(question: str) -> None:
    assert not about_the_asker(question)


@pytest.mark.parametrize(
    "question",
    [
        "Has the  refund gone\u00a0through?",
        "hi, has it shipped",
        "Ｈａｓ ｉｔ ｓｈｉｐｐｅｄ？",
        "退\u200b款到账了吗",
        "退款到帳了嗎？",
        "¿Ya llego el pedido?",
        "I asked a week ago, was it approved?",
    ],
)
def test_however_it_is_written(question: str) -> None:
    assert about_the_asker(question)


@pytest.mark.parametrize(
    "question",
    [
        "When will my order arrive? If I am out, leave it with a neighbour.",
        "When I checked, it said delivered. Where is my parcel?",
        "How much do I owe if I pay today?",
        "What should I do, where is my refund?",
        "我的余额多少,可以查吗",
        "我的快递到哪了,能查一下吗",
        "能不能查一下我的订单到哪了",
    ],
)
def test_an_exemption_is_of_its_own_clause(question: str) -> None:
    assert about_the_asker(question)


@pytest.mark.parametrize(
    "question",
    [
        "Will my card be blocked if I enter the wrong PIN?",
        "If I cancel, will my deposit be refunded?",
        "If my card is lost, what happens?",
        "我能不能取消订单",
        "我可以修改我的订单吗",
        "Where did we get the word algebra?",
    ],
)
def test_a_rule_for_all_stays_one(question: str) -> None:
    assert not about_the_asker(question)
