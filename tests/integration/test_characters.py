"""The characters' encoder: what it reads, what it finds near, and that nothing of it is served on its word alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipelines.cache import verifier
from pipelines.cache.judge import Budget
from pipelines.errors import EncoderUnavailable
from pipelines.vectors import ngrams
from pipelines.vectors.encoder import reader
from tests.fleet import says_yes
from workers.encoders import characters, factory
from workers.encoders.characters import CharacterEncoder
from workers.encoders.train_characters import train

if TYPE_CHECKING:
    from tests.fleet import InProcess


@pytest.fixture(scope="module")
def shipped() -> CharacterEncoder:
    return CharacterEncoder()


def cosine(encoder: CharacterEncoder, one: str, other: str) -> float:
    ours, theirs = encoder.encode([one, other])
    return float(ours @ theirs)


def test_rewordings_are_nearer_than_other_questions(shipped: CharacterEncoder) -> None:
    vectors = shipped.encode(["怎么修改收货地址？", "如何更改收货地址", "运费由谁承担？"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, shipped.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]


def test_width_case_and_punctuation_do_not_matter(shipped: CharacterEncoder) -> None:
    assert cosine(shipped, "ＡＰＰ怎么登录？", "app怎么登录") == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("How do I log in?", verifier.SENTENCES),
        ("怎么登录？", verifier.CHARACTERS),
        ("iPhone 14 怎么退货", verifier.CHARACTERS),
        ("怎么登录" * 200, None),
        ("ログインするには？", None),
        ("", None),
    ],
)
def test_each_question_has_the_first_reader_that_knows_all_of_it(fleet: InProcess, text: str, kind: str | None) -> None:
    found = reader(factory.readers(fleet.runtime.encoder, Path()), text)
    assert (None if found is None else found.kind) == kind


def test_a_broken_table_is_named_with_its_mend(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="reinstall"):
        CharacterEncoder(tmp_path)
    np.save(tmp_path / characters.TABLE, np.zeros(4, dtype=np.float64))
    (tmp_path / characters.FACTS).write_text(json.dumps({"pair_weight": 1.0}))
    with pytest.raises(EncoderUnavailable, match="expected int8"):
        CharacterEncoder(tmp_path)


def test_text_without_characters_has_no_vector(shipped: CharacterEncoder) -> None:
    with pytest.raises(EncoderUnavailable, match="no letters"):
        shipped.encode(["？！"])


def test_training_brings_rewordings_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.encoders.train_characters.ROWS", 4_096)
    monkeypatch.setattr("workers.encoders.train_characters.DIMENSIONS", 32)
    same = [(f"怎么{what}", f"如何{what}", True) for what in ("退款", "登录", "付款", "换货", "开发票", "改地址")]
    unlike = [(f"怎么{one}", f"怎么{other}", False) for one, other in (("退款", "付款"), ("登录", "换货"))]
    table = train([*same, *unlike] * 40)
    characters.save(tmp_path, table, 0.25, {"made_by": "a test"})
    taught = factory.load(f"characters:{tmp_path}", lambda _: pytest.fail("no provider"), tmp_path)
    assert isinstance(taught, CharacterEncoder)
    assert factory.readers(taught, Path()) == (taught,)
    assert cosine(taught, "怎么投诉", "如何投诉") > cosine(taught, "怎么投诉", "怎么退货")
    assert (tmp_path / characters.TABLE).stat().st_size < 200_000


def test_a_table_of_eight_bits_keeps_directions() -> None:
    table = np.random.default_rng(0).normal(size=(64, 16)).astype(np.float32)
    eight = np.rint(table * 127 / np.abs(table).max()).astype(np.int8)
    ours, theirs = (ngrams.embed("怎么退款", t, 0.25) for t in (table, eight))  # type: ignore[arg-type]
    assert float(ours @ theirs) > 0.999


def test_a_new_tenants_chinese_rewording_goes_to_the_model_without_a_judge(unjudged: InProcess, tenant: str) -> None:
    fleet = unjudged
    first = fleet.settled(fleet.ask("可以修改收货的地址吗？", tenant=tenant))
    assert fleet.ask("可以修改收货地址吗", tenant=tenant).source == "exact", "particles are no difference"
    assert fleet.ask("可以更改收货地址吗？", tenant=tenant).source == "model"
    assert first.source == "model"


def test_a_judges_yes_serves_a_chinese_rewording(
    fleet: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.stages.judge.Judge._ask", says_yes)
    monkeypatch.setattr("pipelines.cache.judge.pays", lambda *_, **__: True)
    with fleet.instead(judge_budget=Budget(1.0)):
        fleet.settled(fleet.ask("可以修改收货地址吗？", tenant=tenant))
        served = fleet.ask("可以更改收货地址吗？", tenant=tenant)
    assert served.source == "semantic"
    assert served.cache is not None
    assert served.cache["decided_by"] == "judge"


def test_its_folder_loads_as_a_sentence_transformer(shipped: CharacterEncoder, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    texts = ["怎么退款", "如何申请退款？", "花呗 50 元"]
    model = SentenceTransformer(str(characters.SHIPPED), device="cpu", trust_remote_code=True)
    assert np.abs(model.encode(texts) - shipped.encode(texts)).max() < 1e-6
    assert model.get_embedding_dimension() == shipped.dimensions
    model.save(str(tmp_path / "copy"))
    assert np.array_equal(CharacterEncoder(tmp_path / "copy").encode(texts), shipped.encode(texts))
    assert sum(file.stat().st_size for file in characters.SHIPPED.iterdir()) < 10_000_000
