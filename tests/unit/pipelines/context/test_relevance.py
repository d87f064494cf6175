"""What matters to a question: its words as a library ranks them, its meaning, and what lies beside."""

from __future__ import annotations

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.context.relevance import NEIGHBOURS, asked, by_words, relevance, terms

TALK = [
    "Anna I adopted a dog from the shelter",
    "Ben What is its name?",
    "Anna We call him Biscuit",
    "Ben My flight leaves at nine",
    "Anna Which airport?",
    "Ben The small one, in the north",
]


@given(st.lists(st.text("abcdef ", min_size=1, max_size=40), min_size=2, max_size=30), st.text("abcdef ", min_size=1))
def test_words_are_scored_as_the_library_scores_them(passages: list[str], question: str) -> None:
    wanted = asked(question)
    index = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
    index.index([list(terms(text, wanted.spoken)) or ["\0"] for text in passages], show_progress=False)
    known = [term for term in wanted.terms if term in index.vocab_dict]
    if any(terms(text, wanted.spoken) for text in passages) and known:
        # The library counts an empty passage as one word; its lengths differ by that.
        if all(terms(text, wanted.spoken) for text in passages):
            assert by_words(passages, question) == pytest.approx(index.get_scores(known), abs=1e-4)
    else:
        assert not by_words(passages, question).any()


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What was the dog called?", ("dog", "call")),
        ("怎么修改收货地址？", ("修改", "改收", "收货", "货地", "地址")),
        ("Wie kann ich meine Bestellungen stornieren?", ("bestell", "storni")),
        ("¿Cuándo llegan mis pedidos?", ("cuand", "lleg", "ped")),
        ("Как отменить мои заказы?", ("отмен", "мо", "заказ")),
        ("환불 정책", ("환불", "정책")),
        ("Who are you?", ("who", "are", "you")),
    ],
)
def test_what_is_asked_for_are_the_words_that_not_every_question_has(question: str, found: tuple[str, ...]) -> None:
    assert asked(question).terms == found


def test_forms_of_a_word_are_one_word() -> None:
    assert terms("cancelled cancelling cancels") == ("cancel",) * 3
    assert terms("stornierten Stornierung", "de") == ("storniert", "stornier")


def test_an_answer_lies_beside_its_question() -> None:
    scores = relevance(TALK, "What is the name of the dog?")
    assert set(np.argsort(-scores)[:3].tolist()) == {0, 1, 2}
    alone = by_words(TALK, "What is the name of the dog?")
    assert alone[2] == 0.0 < NEIGHBOURS


def test_meaning_finds_what_words_do_not() -> None:
    cosines = np.array([0.0, 0.0, 0.1, 0.9, 0.1, 0.2], dtype=np.float32)
    assert int(np.argmax(relevance(TALK, "When do you take off?", cosines))) == 3


@pytest.mark.parametrize("passages", [[], ["one"], ["", ""]])
def test_nothing_to_rank_is_no_error(passages: list[str]) -> None:
    found = relevance(passages, "what?")
    assert found.shape == (len(passages),)
    assert np.isfinite(found).all()


def test_a_question_of_a_books_length_is_ranked_all_the_same() -> None:
    passages = [f"word{number} refund of the order " * 8 for number in range(500)]
    scores = by_words(passages, " ".join(f"word{number}" for number in range(499, 40_000)))
    assert int(np.argmax(scores)) == 499
    assert np.count_nonzero(scores) == 1
