"""The same words in the same frame, and another small word between them."""

from __future__ import annotations

import pytest

from pipelines.text.gates import trip

APART = [
    ("Can I get a refund if the airline cancels my flight?", "Can I get a refund if I cancel my flight?"),
    ("Do I have to pay a fee if I cancel the booking?", "Do I have to pay a fee if you cancel the booking?"),
    ("Do I get my money back if we cancel the tour?", "Do I get my money back if they cancel the tour?"),
    ("How do I see who I blocked?", "How do I see who blocked me?"),
    ("Can I sue someone I hit?", "Can I sue someone who hit me?"),
    ("Do you need my bank details?", "Do I need your bank details?"),
    ("Can I have your address?", "Can you have my address?"),
    ("Can he see her posts?", "Can she see his posts?"),
    ("Is the gift taxed if I give it to my son?", "Is the gift taxed if my son gives it to me?"),
    ("Is rent I pay taxable?", "Is rent paid to me taxable?"),
    ("Is parking free until 6 pm?", "Is parking free from 6 pm?"),
    ("Can I use my card within the EU?", "Can I use my card outside the EU?"),
    ("Can I park in front of the building?", "Can I park behind the building?"),
    ("Can I eat this pasta w/ cooking it?", "Can I eat this pasta w/o cooking it?"),
    ("Can I pick up my order this week?", "Can I pick up my order next week?"),
    ("Do I need a passport and a visa?", "Do I need a passport or a visa?"),
    ("I hardly use my subscription, can I cancel?", "I use my subscription, can I cancel?"),
    ("I almost missed my flight, can I get a refund?", "I missed my flight, can I get a refund?"),
    ("What happens if I willnot pay my bill?", "What happens if I will pay my bill?"),
    ("Is a square a rectangle?", "Is a rectangle a square?"),
    ("Are all dogs mammals?", "Are all mammals dogs?"),
    ("What percent of 50 is 10?", "What percent of 10 is 50?"),
    ("JFK LAX flight", "LAX JFK flight"),
    ("Where is hall c?", "Where is hall b?"),
]
ALIKE = [
    ("How do I enable 2FA?", "How do I enable two-factor authentication?"),
    ("What is two-step verification?", "What is 2-step verification?"),
    ("周末发货吗", "周六周日发货吗"),
    ("双十一有活动吗", "双11有活动吗"),
    ("How do I reset my password?", "How can you reset your password?"),
    ("Can I change my address?", "Can you change my address?"),
    ("Can you donate blood if you have a tattoo?", "Can I donate blood if I have a tattoo?"),
    ("When does the phone come out?", "When is the phone coming out?"),
    ("Which is better, CA or MBA?", "Which is better, MBA or CA?"),
    ("Will the world end?", "Is the world going to end?"),
    ("What should I do when I feel lonely?", "What should one do when one feels lonely?"),
    ("Can I pay by card?", "Can you pay by card?"),
]


@pytest.mark.parametrize(("a", "b"), APART)
def test_another_small_word_is_another_question(a: str, b: str) -> None:
    assert trip(a, b) is not None
    assert trip(b, a) is not None


@pytest.mark.parametrize(("a", "b"), ALIKE)
def test_a_rewording_passes(a: str, b: str) -> None:
    assert trip(a, b) is None
    assert trip(b, a) is None
