"""Tenants share nothing; what is about a user, or personal, is that user's alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fleet import InProcess


def test_one_tenant_never_gets_anothers_answer(fleet: InProcess, tenant: str) -> None:
    fleet.settled(fleet.ask("How do I log out?", tenant=tenant))
    assert fleet.ask("How do I log out?", tenant=f"{tenant}-b").source == "model"


def test_a_question_with_personal_data_is_kept_for_its_user_alone(fleet: InProcess, tenant: str) -> None:
    question = "Why was my card 4111 1111 1111 1111 refused?"
    fleet.settled(fleet.ask(question, tenant=tenant, user="u-1"))
    assert fleet.ask(question, tenant=tenant, user="u-1").source == "exact"
    assert fleet.ask(question, tenant=tenant, user="u-2").source == "model"
    assert fleet.ask(question, tenant=tenant).source == "model"


@pytest.mark.parametrize(
    "question", ["What's my balance then?", "我的套餐包含多少个账号？", "Has the refund gone through?", "退款到账了吗"]
)
def test_what_is_asked_about_oneself_is_kept_for_oneself(fleet: InProcess, tenant: str, question: str) -> None:
    fleet.settled(fleet.ask(question, tenant=tenant, user="u-1"))
    assert fleet.ask(question, tenant=tenant, user="u-1").source == "exact"
    assert fleet.ask(question, tenant=tenant, user="u-2").source == "model"
    assert fleet.ask(question, tenant=tenant).source == "model"


@pytest.mark.parametrize(
    "question",
    [
        "Which  plan am I  on, please?",
        "Which\u00a0tariff am I on?",
        "Que plan tengo, cuantos puntos tengo?",
        "我的訂單到哪裡了？",
    ],
)
def test_what_is_asked_about_oneself_is_ones_own_however_it_is_written(
    fleet: InProcess, tenant: str, question: str
) -> None:
    fleet.settled(fleet.ask(question, tenant=tenant, user="ada"))
    assert fleet.ask(question, tenant=tenant, user="ada").source == "exact"
    assert fleet.ask(question, tenant=tenant, user="eve").source == "model"
