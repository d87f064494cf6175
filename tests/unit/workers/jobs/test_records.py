"""A job's record: what is written is read, small enough to keep one of each job for a week."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workers.jobs.records import Record

FULL = Record(
    fingerprint="ab" * 16,
    tenant="商店",
    source="semantic",
    scope="01" * 16,
    key="23" * 24,
    entry="45" * 16,
    user="u-1",
    mine="67" * 16,
    mine_key="89" * 24,
)


@pytest.mark.parametrize("missing", [(), ("user",), ("mine", "mine_key"), ("scope", "key"), ("entry", "user")])
def test_what_is_written_is_read(missing: tuple[str, ...]) -> None:
    record = replace(FULL, **dict.fromkeys(missing))
    assert Record.decode(record.encode()) == record


def test_an_id_that_was_claimed_and_not_answered_has_no_record() -> None:
    assert Record.decode(bytes.fromhex(FULL.fingerprint)) is None


def test_it_is_small() -> None:
    assert len(FULL.encode()) <= 160
