"""Which parameter a provider refused, and its own reason, with nothing of the prompt in it."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.routing import provider_reason


@pytest.mark.parametrize(
    ("code", "param", "message", "found"),
    [
        ("unsupported_parameter", "max_tokens", "Use 'max_completion_tokens' instead.", "max_tokens"),
        ("unsupported_value", None, "'temperature' does not support 0 with this model.", "temperature"),
        (None, None, "temperature is not supported by this model", "temperature"),
        ("context_length_exceeded", "messages", "too long", None),
        ("invalid_request", None, "bad messages", None),
    ],
)
def test_a_refused_parameter_is_known_by_its_name(code: Any, param: Any, message: str, found: str | None) -> None:
    assert provider_reason.refused_param(code, param, message) == found


def test_a_providers_own_reason_quotes_nothing_of_the_prompt() -> None:
    prompt = "my card is 4111 1111 1111 1111 and I live in Springfield"
    said = provider_reason.reason("bad", f"Invalid value: '{prompt}' for 'messages[0].content': Springfield", prompt)
    assert said.startswith("bad: Invalid value: ")
    assert "'messages[0].content'" in said
    assert "4111" not in said
    long = provider_reason.reason(None, f"cannot parse my card is 4111 1111 1111 1111 at 3 {'x' * 900}", prompt)
    assert "4111" not in long
    assert len(long) < 300


@pytest.mark.parametrize(
    "quoted",
    [
        "bad field my%20card%20is%204111%201111%201111%201111 here",
        "bad field my+card+is+4111+1111+1111+1111%21 here",
        "bad field \\u006dy card is 4111 1111\\u00201111 1111 here",
        "bad field my&#32;card is&nbsp;4111 1111 1111 1111 here",
        "no user jane.doe@example.org here",
        "no account DE89370400440532013000 here",
        "你的身份证号码是什么 in field",
        "\\u4f60\\u7684\\u8eab\\u4efd\\u8bc1\\u53f7\\u7801 in field",
        "cannot read " + "aGVsbG8gd29ybGQ" * 6,
    ],
)
def test_a_quotation_in_escapes_is_a_quotation(quoted: str) -> None:
    prompt = "my card is 4111 1111 1111 1111, jane.doe@example.org, DE89370400440532013000, 你的身份证号码是什么"
    said = provider_reason.reason(None, quoted, prompt)
    assert "(withheld)" in said
    assert not any(telling in said for telling in ("4111", "jane", "DE89", "身份证", "5f60", "aGVs"))


@pytest.mark.parametrize(
    ("said", "prompt", "hidden"),
    [
        ("Incorrect API key provided: sk-SECRETKEY123456.", "hello", "SECRETKEY"),
        ("bad token Bearer abcDEF123", "hello", "abcDEF"),
        ("no such thing as Kowalczyk here", "my name is Kowalczyk", "Kowalczyk"),
        ("cannot serve model x hunterpass", "the password is hunterpass", "hunterpass"),
        ("cannot parse Müller-Lüdenscheidt", "ich heiße Müller-Lüdenscheidt", "Lüdenscheidt"),
    ],
)
def test_keys_and_single_words_of_the_prompt_are_withheld(said: str, prompt: str, hidden: str) -> None:
    found = provider_reason.reason(None, said, prompt)
    assert hidden not in found
    assert provider_reason.WITHHELD in found


def test_the_words_of_errors_themselves_stay() -> None:
    said = "This model's maximum context length is 8192 tokens"
    assert provider_reason.reason(None, said, "what is the maximum context length of this model in tokens") != ""
    assert provider_reason.reason(None, said, "maximum tokens?") == said
