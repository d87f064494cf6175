"""Scope and exact key: what may share an answer, and what never may."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cache.scope import digest, exact_key, near_key, scope_of
from pipelines.context.prompt import closed
from pipelines.job import Job
from pipelines.text.normalise import normalise

SECRET = b"secret"


def scope(secret: bytes = SECRET, encoder: str = "e", user: str | None = None, **fields: Any) -> str:
    messages = fields.pop("messages", [{"role": "user", "content": "How do I log in?"}])
    job = Job.decode({"messages": messages, **fields})
    return scope_of(job, secret=secret, encoder=encoder, around=digest(closed(job).around), user=user)


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": "b"},
        {"model": "premium"},
        {"knowledge": "2026-11-02"},
        {"params": {"temperature": 0.5}},
        {"params": {"max_tokens": 5}},
        {"params": {"tools": [{"type": "function"}]}},
        {"params": {"response_format": {"type": "json_object"}}},
        {"messages": [{"role": "system", "content": "Be rude."}, {"role": "user", "content": "How do I log in?"}]},
        {"user": "u-1", "encoder": "e"},
        {"secret": b"other"},
        {"encoder": "other"},
    ],
)
def test_whatever_changes_the_right_answer_changes_the_scope(change: dict[str, Any]) -> None:
    assert scope(**change) != scope()


@pytest.mark.parametrize("change", [{"metadata": {"channel": "app"}}, {"deadline_s": 5}, {"cache": "refresh"}])
def test_what_does_not_change_the_answer_does_not_split_the_cache(change: dict[str, Any]) -> None:
    assert scope(**change) == scope()


def test_the_order_of_parameters_is_no_difference() -> None:
    one = scope(params={"temperature": 0, "max_tokens": 5})
    assert scope(params={"max_tokens": 5, "temperature": 0}) == one


def test_earlier_turns_that_matter_are_part_of_the_scope() -> None:
    def behind(said: str) -> str:
        turns = [("user", said), ("assistant", "Fine."), ("user", "And then?")]
        return scope(messages=[{"role": role, "content": text} for role, text in turns])

    assert behind("a lamp") != behind("a bed")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I log in?", "how do I  log in ?"),
        ("How do I log in?", "Hi, how do I log in?"),
        ("How do I log in?", "How do I log in? Thanks!"),
        ("怎么退款？", "怎么退款?"),
        ("怎么退款？", "你好，怎么退款？"),
        ("怎么退款？", "请问怎么退款？谢谢"),
        ("怎么退款", "怎么退款呢？"),
        ("我的订单什么时候到啊？", "我订单什么时候到"),
        ("帮我查一下积分", "帮我查积分"),
        ("这是什么意思？", "这什么意思"),
        ("我想问一下，怎么办理退款？", "我想问一下怎么办理退款"),
    ],
)
def test_courtesy_width_and_spacing_are_hardly_a_difference(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)
    assert near_key("s", one) == near_key("s", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Do you ship to US?", "Do you ship to us?"),
        ("You ship it", "You ship it?"),
        ("What does aB3 mean?", "What does ab3 mean?"),
        ("Can I return it?", "Can't I return it?"),
        ("怎么退款？", "怎么退货？"),
        ("你们发货？", "你们发货"),
        ("货到了吗", "货到吗"),
        ("目的地在哪", "目地在哪"),
        ("的士怎么打", "士怎么打"),
        ("有下一下子吗", "有下子吗"),
        ("不用，取消订单吧", "不用取消订单吧"),
        ("可以，退款吗？", "可以退款吗？"),
        ("我不要了，退款", "我不要了退款"),
        ("没有，收到短信", "没有收到短信"),
        ("行李可以带十.五公斤吗？", "行李可以带十五公斤吗？"),
        ("我想要白、金卡怎么申请？", "我想要白金卡怎么申请？"),
        ("不用的卡怎么注销？", "不用卡怎么注销？"),
        ("谁付的款？", "谁付款？"),
        ("红的包怎么退？", "红包怎么退？"),
        ("谁取消的订单", "谁取消订单"),
        ("我拒绝，退款怎么操作？", "我拒绝退款怎么操作？"),
        ("苹果，手机都能退吗？", "苹果手机都能退吗？"),
        ("周一~周五营业吗", "周一，周五营业吗"),
        ("下个月还是多少钱？", "下个月还多少钱？"),
        ("What is the code point of Ａ?", "What is the code point of A?"),
        ("Calculate 5!", "Calculate 5"),
        ("Do you sell Orange SIM cards?", "Do you sell orange SIM cards?"),
        ("how do you say thank you", "how do you say please"),
        ("what is the German for please", "what is the German for thanks"),
        ("谢谢用英语怎么说", "你好用英语怎么说"),
        ("Hello Kitty bags", "Kitty bags"),
        ("How do I learn Polish?", "How do I learn polish?"),
        ("a == b", "a = b"),
        ("Sort the list by f(Name)", "Sort the list by f(name)"),
        ("if x:\n  y\nz", "if x:\n  y\n  z"),
        ("中国的银行几点开门？", "中国银行几点开门？"),
        ("美国的银行怎么开户", "美国银行怎么开户"),
        ("北京的大学有哪些", "北京大学有哪些"),
        ("投资是什么？", "投资什么？"),
        ("举报是谁", "举报谁"),
        ("我推荐的是谁", "我推荐谁"),
        ("機械的学習とは", "機械学習とは"),
        ("個人的事業とは何ですか", "個人事業とは何ですか"),
        ("老板欠的钱怎么要", "老板欠钱怎么要"),
        ("他的打我怎么办", "他打我怎么办"),
        ("我爱的人是谁", "我爱人是谁"),
        ("香港的大学怎么申请", "香港大学怎么申请"),
        ("亚洲的航空公司有哪些", "亚洲航空公司有哪些"),
        ("商家赔的钱", "商家赔钱"),
        ("学习是什么", "学习什么"),
        ("Explain git add .", "Explain git add"),
        ("What is the limit of n!", "What is the limit of n"),
        ("what is the operator ?.", "what is the operator ?"),
        ("what is the operator !!", "what is the operator !"),
        ("where can i watch cheers", "where can i watch"),
        ("Please Please Me release date", "Please Me release date"),
        ("Hello! Magazine subscription", "Magazine subscription"),
        ("我想听多谢", "我想听"),
        ("可以送她一句谢谢", "可以送她一句"),
        ("怎么清洗毛呢", "怎么清洗毛"),
        ("什么是花呢", "什么是花"),
        ("他在干嘛", "他在干"),
        ("红的包多少钱", "红包多少钱"),
    ],
)
def test_what_may_matter_stays(one: str, other: str) -> None:
    assert near_key("s", one) != near_key("s", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I log in?", "  How do  I log in? "),
        ("Ｈow do I log in？", "How do I log in?"),
        ("怎么退款？", "怎么退款?"),
        ("Cafe\u0301?", "Café?"),
    ],
)
def test_the_very_question_is_the_same_however_wide_and_spaced(one: str, other: str) -> None:
    assert exact_key("s", one) == exact_key("s", other)


@pytest.mark.parametrize("other", ["how do I log in?", "How do I log in", "Hi, how do I log in?", "How do I log in??"])
def test_every_other_difference_is_another_exact_key(other: str) -> None:
    assert exact_key("s", other) != exact_key("s", "How do I log in?")


def test_keys_of_two_scopes_never_meet() -> None:
    assert exact_key("s", "Hello") != exact_key("t", "Hello")


@pytest.mark.parametrize("text", ["thanks", "Hi", "你好", "谢谢", "please", "?", "..."])
def test_a_mere_courtesy_is_not_emptied(text: str) -> None:
    assert normalise(text)


pieces = st.sampled_from(
    ["Hi, ", "hello ", "please ", "你好，", "请问", "谢谢", " thanks", "? ", "！", " ", "A", "登录", "."]
)


@given(st.text(min_size=1) | st.lists(pieces, min_size=1).map("".join))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@pytest.mark.timeout(30)
@pytest.mark.parametrize("mark", ["!", "，", "。", "不，", "的 ", "啊", "why ."])
def test_a_document_of_marks_is_read_in_time(mark: str) -> None:
    assert normalise(mark * 20_000 + "x")
