"""Traps: question pairs that look alike and deserve different answers, and rewordings that deserve the same, en and zh.

``python -m tests.traps FILE`` writes them as CSV for ``farthing evaluate pairs FILE``. Made from templates that nothing
was trained on: eight kinds of traps, each filled with things of shops, banks, airlines, telephone companies, insurers.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REWORDED = "rewording"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two questions; ``kind`` names the trap, or ``rewording`` when both deserve one answer."""

    kind: str
    language: str
    a: str
    b: str


# A template with one slot, and what may stand there: any two make a trap.
SLOTS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "number": (
        ("Can I withdraw {} euros from a cash machine abroad?", ("200", "300", "2,000", "2500")),
        ("Is it possible to pay back the loan in {} months?", ("6", "12", "18", "twenty-four")),
        ("Do I get free delivery if I spend {}?", ("£30", "£50", "£150", "£35.50")),
        ("How much luggage weighing {} can I check in?", ("20 kg", "23 kg", "32 kg", "23 lb")),
        ("Does the plan with {} of data include roaming?", ("5 GB", "10 GB", "50 GB", "500 MB")),
        ("每天转账{}元可以吗？", ("5000", "1万", "5万", "20000")),
        ("买{}件能打折吗？", ("2", "三", "5", "10")),
        ("贷款分{}期还款，利息是多少？", ("3", "6", "12", "24")),
        ("行李超重{}公斤要交多少钱？", ("5", "8", "十", "15")),
    ),
    "identifier": (
        ("Has parcel {} left the warehouse?", ("DX-55120", "DX-55102", "RB901CN", "RB910CN")),
        ("Is flight {} on time?", ("LH454", "LH455", "BA12", "BA21")),
        ("Which cartridge fits the printer {}?", ("HL-2310", "HL-2130", "MFC9140", "MFC9410")),
        ("What does error {} mean?", ("E104", "E140", "0x80070005", "0x80070057")),
        ("航班{}现在到哪里了？", ("CA1501", "CA1510", "MU5138", "MU5318")),
        ("错误代码{}是什么意思？", ("E21", "E12", "500", "502")),
        ("这个配件适合{}型号吗？", ("X200", "X220", "T14", "T41")),
    ),
    "time": (
        ("Can I move my appointment to {}?", ("Tuesday", "Thursday", "the 4th of May", "the 5th of May")),
        ("Are you open on {}?", ("Christmas Eve", "New Year's Day", "Sunday mornings", "Sunday afternoons")),
        ("Which fees applied before {}?", ("2023", "2024", "April 2024", "June 2024")),
        ("Can the courier come at {}?", ("8 am", "8 pm", "10:30", "13:30")),
        ("{}有没有现货？", ("今天", "明天", "下周一", "下周五")),
        ("{}的账单在哪里查？", ("3月", "4月", "上个月", "去年")),
        ("{}能上门安装吗？", ("上午", "下午", "周六", "周日")),
    ),
    "negation": (
        ("Which items {} be sent back?", ("can", "cannot", "can't")),
        ("Why {} my contract renewed automatically?", ("was", "wasn't")),
        ("What happens if I {} the delivery fee?", ("pay", "do not pay", "never pay")),
        ("Which countries {} covered by the travel insurance?", ("are", "aren't", "are not")),
        ("Can I fly {} a passport?", ("with", "without")),
        ("哪些商品{}退？", ("可以", "不可以", "不能")),
        ("我的快递为什么{}发货？", ("已经", "还没有", "没")),
        ("{}绑定银行卡会怎么样？", ("", "不", "没有")),
        ("发票{}开怎么办？", ("已", "未")),
    ),
    "action": (
        ("How can I {} roaming on my phone?", ("switch on", "switch off", "activate", "deactivate")),
        ("Where do I {} a beneficiary?", ("add", "remove", "register", "delete")),
        ("How do I {} my seat reservation?", ("book", "cancel", "confirm", "change")),
        ("How long does it take to {} a card?", ("block", "unblock", "order", "replace")),
        ("Can I {} the subscription in the app?", ("pause", "resume", "cancel", "upgrade")),
        ("Will the bank {} the interest rate on my savings?", ("raise", "lower", "increase", "cut")),
        ("怎么{}短信通知？", ("开启", "关闭", "取消", "打开")),
        ("在哪里{}优惠券？", ("领取", "使用", "退还", "转让")),
        ("如何{}套餐？", ("升级", "降级", "办理", "取消")),
        ("我想{}这笔订单，怎么操作？", ("退货", "换货", "取消", "修改")),
        ("可以{}自动续费吗？", ("开通", "关掉", "恢复", "暂停")),
    ),
    "entity": (
        ("Does the warranty cover the {}?", ("washing machine", "dishwasher", "screen", "battery")),
        ("Is the {} plan cheaper for students?", ("Basic", "Silver", "Premium", "Family")),
        ("Can I pay with {} in your shops?", ("Klarna", "PayPal", "American Express", "a gift card")),
        ("Do you deliver furniture to {}?", ("Lisbon", "Porto", "Ireland", "Iceland")),
        ("How do I install the app on {}?", ("Android", "an iPhone", "Windows", "a Mac")),
        ("{}坏了在保修范围内吗？", ("屏幕", "电池", "键盘", "充电器")),
        ("支持用{}付款吗？", ("支付宝", "微信", "花呗", "信用卡")),
        ("{}会员有什么权益？", ("黄金", "白金", "钻石", "普通")),
        ("你们发货到{}吗？", ("新疆", "西藏", "海南", "香港")),
        ("{}怎么保养？", ("真皮沙发", "布艺沙发", "实木地板", "羊毛大衣")),
    ),
    "person": (
        ("Can I cancel the card of {}?", ("my wife", "my husband", "my late father", "mine")),
        ("Who may collect the parcel for {}?", ("me", "my neighbour", "my boss", "my daughter")),
        ("Is {} covered by the family insurance?", ("my son", "my stepson", "my mother-in-law", "my partner")),
        ("How can {} change the delivery address?", ("I", "my friend", "the seller", "my company")),
        ("{}可以用我的账户吗？", ("我老婆", "我儿子", "我同事", "我父母")),
        ("怎么给{}买保险？", ("自己", "孩子", "父母", "员工")),
        ("{}的手机号怎么换绑？", ("我", "我妈", "我朋友", "公司")),
    ),
}
# What goes one way must not be answered as what goes the other; any two places.
DIRECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Is there a direct train from {} to {}?", ("Leeds", "York", "Hull", "Bath")),
    ("How do I transfer points from {} to {}?", ("my airline account", "my hotel account", "a voucher", "a friend")),
    ("What is the rate for changing {} into {}?", ("dollars", "euros", "pounds", "yen")),
    ("Can I switch from the {} tariff to the {} tariff?", ("monthly", "yearly", "business", "night")),
    ("从{}寄到{}要几天？", ("杭州", "成都", "沈阳", "昆明")),
    ("怎么把{}的钱转到{}？", ("余额宝", "零钱", "储蓄卡", "钱包")),
    ("{}换成{}的汇率怎么算？", ("美元", "日元", "英镑", "人民币")),
    ("{}升级到{}需要多少钱？", ("基础版", "标准版", "专业版", "旗舰版")),
)
# Ways to ask one thing, with a thing in the slot; any two of a row deserve one answer.
REWORDINGS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        ("How do I reset {}?", "How can I reset {}?", "What do I need to do to reset {}?", "I want to reset {}, how?"),
        ("my password", "my PIN", "the router"),
    ),
    (
        ("Where is {}?", "Where can I find {}?", "Could you tell me where {} is?"),
        ("the invoice", "the tracking number", "the serial number"),
    ),
    (
        ("How long does {} take?", "How much time does {} take?", "How many days does {} take?"),
        ("delivery to an island", "a refund", "a bank transfer abroad"),
    ),
    (
        ("Can I cancel {}?", "Is it possible to cancel {}?", "Am I able to cancel {}?", "May I cancel {}?"),
        ("my order", "a hotel booking", "the insurance"),
    ),
    (
        ("What does {} cost?", "How much is {}?", "How much does {} cost?", "What is the price of {}?"),
        ("express delivery", "an extra bag", "a new SIM card"),
    ),
    (
        ("Why was {} declined?", "What is the reason {} was declined?", "I'd like to know why {} was declined"),
        ("my card", "my payment", "the loan application"),
    ),
    (
        ("怎么修改{}？", "如何修改{}？", "{}怎么修改？", "我想修改{}，怎么弄？", "请问在哪里修改{}"),
        ("收货地址", "登录密码", "手机号"),
    ),
    (
        ("{}多久能到？", "{}多长时间能到？", "{}要多久到？", "{}什么时候能到？"),
        ("快递", "退款", "补发的货"),
    ),
    (
        ("{}要多少钱？", "{}多少钱？", "{}怎么收费？", "{}的费用是多少？"),
        ("上门安装", "加急配送", "换屏幕"),
    ),
    (
        ("可以取消{}吗？", "能不能取消{}？", "{}可以取消吗？", "{}能取消吗？"),
        ("订单", "预约", "会员"),
    ),
)


def pairs() -> list[Pair]:
    """All of them, in the same order each time; no pair twice."""
    found = [*_traps(), *_rewordings()]
    return list({(pair.a, pair.b): pair for pair in found}.values())


def _traps() -> Iterator[Pair]:
    for kind, templates in SLOTS.items():
        for template, fillers in templates:
            for one, other in permutations(fillers, 2):
                if not _synonyms(one, other):
                    yield _pair(kind, template.format(one), template.format(other))
    for template, places in DIRECTIONS:
        for one, other in permutations(places, 2):
            yield _pair("direction", template.format(one, other), template.format(other, one))


def _rewordings() -> Iterator[Pair]:
    for ways, things in REWORDINGS:
        for thing, (one, other) in product(things, permutations(ways, 2)):
            yield _pair(REWORDED, _sentence(one.format(thing)), _sentence(other.format(thing)))


# Fillers of one template that say the same: they are no traps.
_SAME: Sequence[frozenset[str]] = (
    frozenset({"cannot", "can't"}),
    frozenset({"do not pay", "never pay"}),
    frozenset({"aren't", "are not"}),
    frozenset({"不可以", "不能"}),
    frozenset({"还没有", "没"}),
    frozenset({"switch on", "activate"}),
    frozenset({"switch off", "deactivate"}),
    frozenset({"add", "register"}),
    frozenset({"remove", "delete"}),
    frozenset({"raise", "increase"}),
    frozenset({"lower", "cut"}),
    frozenset({"关闭", "取消"}),
    frozenset({"开启", "打开"}),
    frozenset({"不", "没有"}),
)


def _synonyms(one: str, other: str) -> bool:
    return {one, other} in _SAME


def _pair(kind: str, a: str, b: str) -> Pair:
    return Pair(kind, "zh" if any("\u4e00" <= c <= "\u9fff" for c in a) else "en", a, b)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def main() -> None:
    """Write all pairs to the file named."""
    with Path(sys.argv[1]).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("question_a", "question_b", "same_meaning", "kind", "language"))
        writer.writerows((p.a, p.b, int(p.kind == REWORDED), p.kind, p.language) for p in pairs())


if __name__ == "__main__":
    main()
