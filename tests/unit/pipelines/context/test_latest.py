"""What a question needs of earlier turns, as it stands before the question: who said it, and each heading once."""

from __future__ import annotations

import pytest

from pipelines.context import latest, selection
from pipelines.message import Message

LINE = "Parcels are kept for seven days and then sent back, at a price that the table below says. "
TERMS = "These are your terms.\n\n# Orders\n" + "\n".join(LINE * 3 for _ in range(6)) + "\n\n# Repairs\n" + LINE * 2
MESSAGES = [Message("user", TERMS), Message("assistant", "Thank you."), Message("user", "And repairs?")]


def before_the_question(needed: list[int]) -> str:
    found = selection.cut(MESSAGES)
    assert len(found) > 4, "the terms are cut"
    return str(latest.sent(MESSAGES, found, 2, needed)[-1].content)


@pytest.mark.parametrize("needed", [[1, 2], [1, 3], [2, 3], [2], [0, 1, 2, 3, 4, 5]])
def test_a_heading_stands_once_above_what_lies_under_it(needed: list[int]) -> None:
    said = before_the_question(needed)
    assert said.count("# Orders") == 1
    assert said.index("# Orders") < said.index("Parcels")


def test_what_was_left_out_is_marked_and_the_question_comes_last() -> None:
    said = before_the_question([0, 2])
    assert said.startswith(f"{latest.BEGINS}\nuser: These are your terms.\n{selection.LEFT_OUT}\n")
    assert said.endswith(f"\n{latest.ENDS}\nAnd repairs?")
