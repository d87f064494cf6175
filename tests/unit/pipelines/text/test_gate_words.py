"""Pairs that one word turns round: a gate sees each, whichever comes first."""

from __future__ import annotations

import pytest

from pipelines.text import gates

PAIRS = """
How do I increase my limit?|How do I decrease my limit?
Can I pay before delivery?|Can I pay after delivery?
How do I turn on notifications?|How do I turn off notifications?
What is the minimum order?|What is the maximum order?
Is breakfast included?|Is dinner included?
Do you ship to Spain?|Do you ship to France?
How do I add a user?|How do I remove a user?
What's the fee for sending money?|What's the fee for receiving money?
How do I upgrade my plan?|How do I downgrade my plan?
Can I cancel within 14 days?|Can I cancel within 30 days?
How do I open an account?|How do I close an account?
Where can I pick up my parcel?|Where can I drop off my parcel?
How do I log in?|How do I log out?
What is the price with tax?|What is the price without tax?
Can I use it indoors?|Can I use it outdoors?
Is the debit card free?|Is the credit card free?
How do I activate the card?|How do I deactivate the card?
Can children under 12 travel free?|Can children over 12 travel free?
How do I import contacts?|How do I export contacts?
Is it safe for cats?|Is it safe for dogs?
What time do you open?|What time do you close?
When is the earliest check-in?|When is the latest check-in?
How much is a single room?|How much is a double room?
How do I mute a call?|How do I unmute a call?
Can I buy it online?|Can I buy it in store?
Does it work on Android?|Does it work on iPhone?
Can I pay with PayPal?|Can I pay with Klarna?
How do I enable two-factor?|How do I disable two-factor?
Can I transfer to a friend?|Can I transfer from a friend?
Is the first month free?|Is the second month free?
What is the monthly price?|What is the yearly price?
Do you deliver on Saturday?|Do you deliver on Sunday?
Can I exchange euros to dollars?|Can I exchange dollars to euros?
Does the refund include shipping?|Does the refund exclude shipping?
How do I hide my profile?|How do I show my profile?
How do I block a number?|How do I unblock a number?
Can I bring my dog on the train?|Can I bring my dog on the bus?
How do I change my email?|How do I change my phone number?
Can I return opened items?|Can I return unopened items?
What happens if I pay late?|What happens if I pay early?
Is it for men?|Is it for women?
How do I print a label?|How do I print an invoice?
How do I buy Bitcoin?|How do I sell Bitcoin?
Can I withdraw at any ATM?|Can I deposit at any ATM?
What is the adult price?|What is the child price?
Is the left side heated?|Is the right side heated?
怎么开通花呗|怎么关闭花呗
怎么提高额度|怎么降低额度
可以提前还款吗|可以延期还款吗
怎么绑定银行卡|怎么解绑银行卡
最高能借多少|最低能借多少
周六上班吗|周日上班吗
怎么转入余额宝|怎么转出余额宝
退货运费谁出|换货运费谁出
支持微信支付吗|支持支付宝支付吗
怎么修改手机号|怎么修改邮箱
可以开发票吗|可以开收据吗
会员怎么开通|会员怎么取消
国内可以用吗|国外可以用吗
怎么加好友|怎么删好友
男款有吗|女款有吗
首月免费吗|次月免费吗
早上几点开门|晚上几点关门
新用户有优惠吗|老用户有优惠吗
可以寄到北京吗|可以寄到上海吗
怎么设置闹钟|怎么取消闹钟
是含税价吗|是不含税价吗
儿童票多少钱|成人票多少钱
大号多少钱|小号多少钱
还款日前还可以吗|还款日后还可以吗
Can I see transfers at the end of each month?|Can I see transfers at the start of each month?
How do I scroll up?|How do I scroll down?
Do prices rise for existing contracts?|Do prices rise for new contracts?
Are vaccinations recommended?|Are vaccinations mandatory?
Do you refund original shipping costs?|Do you refund return shipping costs?
Can it be repaired by an independent workshop?|Can it be repaired by an official workshop?
饭前吃药吗|饭后吃药吗
首套房利率多少|二套房利率多少
定期利率多少|活期利率多少
可以坐飞机带吗|可以坐高铁带吗
"""


@pytest.mark.parametrize("pair", PAIRS.split("\n")[1:-1])
def test_a_word_that_turns_a_question_round_is_seen(pair: str) -> None:
    one, other = pair.split("|")
    assert gates.trip(one, other) is not None
    assert gates.trip(other, one) is not None
    assert gates.trip(one, one) is None
