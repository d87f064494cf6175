"""Do two answers say the same: where words tell, and where they say nothing."""

from __future__ import annotations

from itertools import product

import pytest

from pipelines.cache.answer_match import ONE, evidence
from workers.demo.standin_text import answer_text

LONG = (
    "To reset your password, open the login page, choose 'Forgot password', enter your e-mail address and follow the"
    " link in the message that we send. The link works once; afterwards sign in with the new password on all devices."
    " Contact support if no message arrives, and check the spam folder before you ask for another link."
)


MEDICAL = (
    "This is general information and replaces no conversation with your doctor or pharmacist. {} is considered {} while"
    " breastfeeding at the usual dose for a short time. Read the leaflet before you take it, and ask again if it lasts."
)


@pytest.mark.parametrize(
    ("one", "other", "least"),
    [
        ("Yes, we deliver on Sunday.", "yes,  we deliver on Sunday.", ONE),
        ("WiFi is free.", "Use of WiFi is free.", ONE),
        (LONG, LONG.replace("Contact support", "Please contact our support team"), ONE),
        (LONG, LONG + " You can do so 24 hours a day.", ONE),
        ("退货请在七天内寄回。", "退货请在七天内寄回。", ONE),
    ],
)
def test_the_same_in_other_words(one: str, other: str, least: float) -> None:
    assert evidence(one, other) == evidence(other, one) >= least


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("You can return it within 14 days.", "You can return it within 30 days."),
        ("Pets are allowed there.", "Pets are not allowed there."),
        ("Your plan was upgraded today.", "Your plan was downgraded today."),
        ("Order A-1001 is on its way.", "Order B-2002 is on its way."),
        (LONG, "Orders above fifty euros are delivered free of charge within the country by our own couriers."),
        ("请在七天内退货。", "请在九天内退货。"),
        ("It costs $10.", "It costs €10."),
        ("Keep it at -5 degrees.", "Keep it at 5 degrees."),
        ("Use C++ for that.", "Use C for that."),
        ("请走A门。", "请走B门。"),
        (MEDICAL.format("Ibuprofen", "suitable"), MEDICAL.format("Aspirin", "unsuitable")),
        (LONG, LONG.replace("The link works once", "The link does not work once")),
        ("退款会在三到五天内退回您的账户，请耐心等待。", "退款不会在三到五天内退回您的账户，请耐心等待。"),
        ("您可以在设置里开启通知，然后重启手机。", "您可以在设置里关闭通知，然后重启手机。"),
        ("Answer: How do I return a lamp of type a please?", "Answer: How do I return a lamp of type b please?"),
    ],
)
def test_something_else(one: str, other: str) -> None:
    assert evidence(one, other) == evidence(other, one) < -0.5 * ONE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("WiFi is free at the Cable Car Hotel.", "Parking is free at the Cable Car Hotel."),
        (LONG + " Call 555 123.", LONG + " Call 777 987."),
        (
            "You need the cable with the round plug; you find it in our shop under spare parts.",
            "You need the cable with the flat plug; you find it in our shop under spare parts.",
        ),
        ("Children are free and adults pay.", "Adults are free and children pay."),
        ("Pay first, then we ship the goods.", "We ship the goods first, then pay."),
        ("白银会员比黄金会员便宜。", "黄金会员比白银会员便宜。"),
        ("Open until 10 pm.", "Open from 10 pm."),
        ("", "anything at all"),
        ("!!!", "???"),
    ],
)
def test_where_words_do_not_tell_nothing_is_said(one: str, other: str) -> None:
    assert evidence(one, other) <= 0.0


def test_the_stand_in_answers_one_meaning_alike_and_others_otherwise() -> None:
    meanings = {f"q{n}": f"m{n % 5}" for n in range(20)}
    said = {q: answer_text("gpt-4o-mini", q, meanings) for q in meanings}
    for (one, its), (other, others) in product(meanings.items(), repeat=2):
        found = evidence(said[one], said[other])
        assert found > 0 if its == others else found <= 0
