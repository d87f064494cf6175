"""Published files of each shape become the tables that `farthing evaluate` reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests import datasets
from workers.evaluation import datasets as product

if TYPE_CHECKING:
    from pathlib import Path

PUBLISHED = {
    "banking77": 'text,category\n"Where is my card, please?",card_arrival\nHow do I top up?,top_up\n',
    "clinc150": json.dumps({"train": [["how are you", "greeting"]], "oos_train": [["set free", "oos"]], "test": []}),
    "quora": 'id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n0\t1\t2\t"What is it?"\tWhat is that?\t1\n',
    "afqmc": '怎么还款？\t如何还款？\t1\n"借呗"怎么开\t花呗怎么开\t0\n',
    "lcqmc": "开初婚未育证明怎么弄？\t初婚未育情况证明怎么开？\t1\n",
    "bq": "借款审核期间能否取消借款\t怎么取消\t0\n",
}


@pytest.mark.parametrize("name", sorted(datasets.SETS))
def test_a_published_set_is_read_by_the_product(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    published, out = tmp_path / "published", tmp_path / "out.csv.gz"
    published.write_text(PUBLISHED[name], encoding="utf-8")
    datasets.main([name, str(published), str(out)])
    rows = list(product.rows(out))
    assert f"{len(rows)} rows" in capsys.readouterr().out
    assert all(all(row.values()) for row in rows)
    assert set(rows[0]) in ({"question", "intent"}, {"question_a", "question_b", "same_meaning"})


def test_any_other_table_is_read_by_its_columns(tmp_path: Path) -> None:
    published, out = tmp_path / "bitext.csv", tmp_path / "out.csv"
    published.write_text('flags,instruction,intent\nB,"cancel it, please",cancel_order\n', encoding="utf-8")
    datasets.main(["columns", str(published), str(out), "--question", "instruction", "--intent", "intent"])
    assert out.read_text(encoding="utf-8").splitlines() == ["question,intent", '"cancel it, please",cancel_order']
    published.write_text('{"s1": "a", "s2": "b", "label": 1}\n', encoding="utf-8")
    datasets.main(["columns", str(published), str(out), "--a", "s1", "--b", "s2", "--same", "label"])
    assert out.read_text(encoding="utf-8").splitlines()[1] == "a,b,1"


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    published = tmp_path / "x.csv"
    published.write_text("text,label\na,b\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="row 1 has no column category: it has text, label"):
        datasets.main(["banking77", str(published), str(tmp_path / "out.csv")])


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[1]", b"text,category\n", b"PK\x03\x04"])
def test_what_is_not_as_published_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    published = tmp_path / "x"
    published.write_bytes(content)
    for name in ("banking77", "clinc150"):
        with pytest.raises(SystemExit, match=str(published)):
            datasets.main([name, str(published), str(tmp_path / "out.csv")])
    with pytest.raises(SystemExit, match="FileNotFoundError"):
        datasets.main(["banking77", str(tmp_path / "none"), str(tmp_path / "out.csv")])
