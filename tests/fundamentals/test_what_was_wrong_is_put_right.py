"""What an operator says is wrong is put right for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fleet import InProcess


def test_an_operators_feedback_removes_a_wrong_answer_and_stores_the_right_one(fleet: InProcess, tenant: str) -> None:
    wrong = fleet.settled(fleet.ask("Is the shop open on Sundays?", tenant=tenant))
    done = fleet.client.feedback(
        str(wrong.job_id), rating="wrong", correction="Yes, 10 to 16.", approve=True, wait_s=30
    )
    assert (done["known"], done["dropped"], done["corrected"]) == (True, True, True)
    again = fleet.ask("Is the shop open on Sundays?", tenant=tenant)
    assert (again.source, again.text) == ("exact", "Yes, 10 to 16.")
