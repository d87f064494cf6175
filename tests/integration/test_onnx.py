"""ONNX Runtime: the same vectors as torch's, and eight-bit ones that are near them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipelines.errors import EncoderUnavailable
from workers.encoders import factory

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fleet import InProcess

TEXTS = ["How do I reset my password?", "x", "Where is the order that I made in your shop in Leeds yesterday? " * 8]


def no_provider(_: str) -> Any:
    raise AssertionError("no provider is asked")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is exported once serves all tests."""
    return tmp_path_factory.mktemp("state")


def test_the_vectors_are_the_same_and_so_is_the_index(state: Path) -> None:
    ours, exact = (
        factory.load("onnx:packaged", no_provider, state),
        factory.load("torch:packaged", no_provider, state),
    )
    assert ours is not None
    assert exact is not None
    assert (ours.fingerprint, ours.dimensions, ours.kind) == (exact.fingerprint, exact.dimensions, exact.kind)
    assert np.abs(ours.encode(TEXTS) - exact.encode(TEXTS)).max() < 1e-5
    for text in (*TEXTS, "怎么退款", "word " * 600, ""):
        assert ours.reads(text) == exact.reads(text)


def test_eight_bits_are_near_and_never_compared_with_the_exact_ones(fleet: InProcess, state: Path) -> None:
    ours, exact = factory.load("int8:packaged", no_provider, state), fleet.runtime.encoder
    assert ours is not None
    assert exact is not None
    assert ours.fingerprint != exact.fingerprint
    assert ours.kind == exact.kind
    found = ours.encode(TEXTS)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1.0, abs=1e-4)
    assert (found * exact.encode(TEXTS)).sum(axis=1).min() > 0.95


def test_what_was_exported_needs_no_torch(state: Path) -> None:
    assert factory.load("onnx:packaged", no_provider, state) is not None  # it is there by now
    program = (
        "import sys; from pathlib import Path; from workers.encoders import factory;"
        f"factory.load('onnx:packaged', None, Path({str(state)!r})).encode(['hello']);"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_workers_that_start_together_leave_one_whole_export(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from workers.encoders import factory;"
        f"factory.load('int8:packaged', None, Path({str(tmp_path)!r})).encode(['hello'])"
    )
    started = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(2)]
    assert [one.wait(timeout=100) for one in started] == [0, 0]
    (home,) = tmp_path.iterdir()
    assert sorted(file.name for file in home.iterdir()) == sorted(
        ["facts.json", "lock", "model-int8.onnx", "model.onnx", "tokenizer.json"]
    )


def test_the_packaged_encoder_needs_no_torch_once_it_was_exported(fleet: InProcess) -> None:
    assert type(fleet.runtime.encoder._encoder).__name__ == "OnnxEncoder"


def test_what_was_exported_may_be_read_only(state: Path) -> None:
    (home,) = state.iterdir()
    (home / "lock").unlink()
    assert factory.load("int8:packaged", no_provider, state) is not None
    assert not (home / "lock").exists()


def test_without_a_folder_to_write_to_torch_encodes_what_is_packaged(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = factory.load("packaged", no_provider, tmp_path / "file")
    assert type(found).__name__ == "TransformerEncoder"
    with pytest.raises(EncoderUnavailable, match="FARTHING_ENCODER_DIR"):
        factory.load("onnx:packaged", no_provider, tmp_path / "file")


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="no/such"):
        factory.load("onnx:/no/such/model", no_provider, tmp_path)


def test_a_broken_export_is_named_with_its_mend(state: Path, tmp_path: Path) -> None:
    good = next(state.iterdir())
    broken = tmp_path / good.name
    broken.mkdir()
    for file in good.iterdir():
        (broken / file.name).write_bytes(file.read_bytes()[:200])
    with pytest.raises(EncoderUnavailable, match="remove the folder"):
        factory.load("onnx:packaged", no_provider, tmp_path)
