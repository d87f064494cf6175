"""What was read in texts can be forgotten, all of it."""

from __future__ import annotations

from pipelines.text import facts, language, privacy, remembered


def test_nothing_is_remembered_after_forgetting() -> None:
    for read in (facts.facts, language.english, privacy.personal_instructions):
        read("My secret word is xylophone.")
        assert read.cache_info().currsize > 0  # type: ignore[attr-defined]
    remembered.forget()
    for read in (facts.facts, language.english, privacy.personal_instructions):
        assert read.cache_info().currsize == 0  # type: ignore[attr-defined]
