"""Providers against a stand-in that fails as real ones do: each fault becomes its own sentence, and no text leaks."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import DeadlineExceeded, ProviderFailed, ProvidersExhausted
from pipelines.message import Message
from pipelines.routing import completion, retry
from pipelines.routing.catalog import Offer
from workers.config.endpoints import ProviderConfig
from workers.demo.standin import Fault, StandIn
from workers.fleet.embedded_redis import free_port
from workers.providers import calls
from workers.providers.openai_client import Providers, _follow

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "my card is 4111 1111 1111 1111"
MINI, LARGE = (Offer("p", name, "economy") for name in ("gpt-4o-mini", "gpt-4o"))


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(speed=0.0) as started:
        yield started


@pytest.fixture
def providers(standin: StandIn) -> Iterator[Providers]:
    down = f"http://127.0.0.1:{free_port()}/v1"
    configs = [
        ProviderConfig("p", standin.url, "key", "openai"),
        ProviderConfig("down", down, "key", "openai"),
        ProviderConfig("keyless", standin.url, "", "openai"),
    ]
    made = Providers(configs)
    yield made
    made.close()


def ask(providers: Providers, *offers: Offer, deadline_s: float = 30.0) -> calls.CallResult:
    until = time.time() + deadline_s
    return calls.call(
        providers, offers or (MINI,), [Message("user", SECRET)], {}, deadline_at=until, deadline_s=deadline_s
    )


def test_an_answer_comes_with_the_providers_own_counts(providers: Providers) -> None:
    called = ask(providers)
    assert called.completion.finish_reason == "stop"
    assert called.completion.usage.completion_tokens > 10
    assert called.failures == ()


FINAL: list[tuple[Fault, str]] = [
    (Fault(status=400), "refused the request"),
    (Fault(status=401), "refused the API key"),
    (Fault(status=403), "forbids it"),
    (Fault(status=404), "knows no such model"),
    (Fault(status=429, body="insufficient_quota"), "quota is used up"),
]
PASSING: list[tuple[Fault, str]] = [
    (Fault(status=429, headers={"retry-after": "0"}), "rate limited"),
    (Fault(status=429, headers={"retry-after-ms": "5"}), "rate limited"),
    (Fault(status=429, headers={"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}), "rate limited"),
    (Fault(status=500), "failed"),
    (Fault(status=503), "failed"),
    (Fault(status=529), "failed"),
    (Fault(body="<html>not what you expect</html>"), "cut stream"),
    (Fault(body="data: {broken\n\n"), "malformed answer"),
    (Fault(body='data: {"error": {"message": "x", "code": "oops"}}\n\n'), "error in the stream"),
    (Fault(cut=True), "cut stream"),
]


@pytest.mark.parametrize(("fault", "says"), FINAL)
def test_what_no_retry_mends_is_tried_once(providers: Providers, standin: StandIn, fault: Fault, says: str) -> None:
    standin.faults.append(fault)
    with pytest.raises(ProviderFailed, match=says) as caught:
        ask(providers)
    assert not caught.value.retryable
    assert len(standin.requests) == 1
    assert "4111" not in str(caught.value)


@pytest.mark.parametrize(("fault", "says"), PASSING)
def test_what_may_pass_is_tried_again(providers: Providers, standin: StandIn, fault: Fault, says: str) -> None:
    standin.faults.append(fault)
    called = ask(providers)
    assert len(standin.requests) == 2
    (failure,) = called.failures
    assert says in failure
    assert "4111" not in failure


def test_three_failures_end_it_with_the_providers_own_error(providers: Providers, standin: StandIn) -> None:
    standin.faults.extend([Fault(status=500)] * 3)
    with pytest.raises(ProviderFailed, match="HTTP 500"):
        ask(providers)
    assert len(standin.requests) == retry.MAX_ATTEMPTS


def test_the_next_offer_answers_when_the_first_does_not(providers: Providers) -> None:
    called = ask(providers, Offer("down", "gpt-4o-mini", "economy"), MINI)
    assert called.offer == MINI
    assert all("cannot be reached" in failure for failure in called.failures)


def test_when_nobody_answers_everyones_reason_is_told(providers: Providers, standin: StandIn) -> None:
    standin.faults.append(Fault(status=401))
    with pytest.raises(ProvidersExhausted) as caught:
        ask(providers, Offer("keyless", "gpt-4o-mini", "economy"), MINI)
    assert [f.split(": ")[1].split(" (")[0].split(";")[0] for f in caught.value.failures] == [
        "its API key is not set",
        "refused the API key",
    ]


def test_a_silent_provider_costs_no_more_than_the_deadline(providers: Providers, standin: StandIn) -> None:
    standin.faults.extend([Fault(silent_s=3.0)] * 3)
    began = time.monotonic()
    with pytest.raises((ProviderFailed, DeadlineExceeded)):
        ask(providers, deadline_s=1.0)
    assert time.monotonic() - began < 2.5


def test_a_deadline_that_passed_costs_nothing(providers: Providers, standin: StandIn) -> None:
    with pytest.raises(DeadlineExceeded):
        ask(providers, deadline_s=-1.0)
    assert standin.requests == []


def test_embeddings_come_in_the_order_asked(providers: Providers) -> None:
    one, two = providers.embed("p", "text-embedding-3-small", ["a lamp", "a bed"])
    assert [one] == providers.embed("p", "text-embedding-3-small", ["a lamp"])
    assert one != two


def test_a_key_never_shows() -> None:
    shown = repr(ProviderConfig("p", "http://x", "sk-very-secret", "openai"))
    assert "sk-very-secret" not in shown


def test_comments_that_keep_a_connection_alive_outlive_no_deadline(providers: Providers, standin: StandIn) -> None:
    standin.faults.extend([Fault(keepalive_s=6.0)] * 3)
    began = time.monotonic()
    with pytest.raises((ProviderFailed, DeadlineExceeded)):
        ask(providers, deadline_s=1.0)
    assert time.monotonic() - began < 2.0


def test_the_clock_is_over_every_connection_of_the_sdks(providers: Providers) -> None:
    client = providers._client("p")._client
    assert type(client._transport._pool._network_backend).__module__ == "workers.providers.wall_clock"  # type: ignore[attr-defined]


def test_an_answer_in_one_piece_is_an_answer(providers: Providers, standin: StandIn) -> None:
    whole = {"choices": [{"message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}]}
    standin.faults.append(Fault(body=json.dumps(whole), kind="application/json"))
    called = ask(providers)
    assert (called.completion.text, called.completion.estimated) == ("Hi.", True)
    assert called.completion.usage.prompt_tokens > 5
    assert len(standin.requests) == 1


WHOLE = '{"choices": [{"index": 0, "delta": {"content": "Yes."}, "finish_reason": "stop"}]}'


@pytest.mark.parametrize(
    "lines",
    [
        [f"data: {WHOLE}", "", "data: [DONE]"],
        ["event: message", ": a comment", f"data:{WHOLE}"],
        [f"data: {WHOLE[:12]}", f"data: {WHOLE[12:]}", ""],  # one event on two lines
        [WHOLE],  # neither a stream nor called one
        [WHOLE.replace("delta", "message")],
        json.dumps(json.loads(WHOLE), indent=1).split("\n"),
    ],
)
def test_a_stream_that_is_nearly_compatible_is_read(lines: list[str]) -> None:
    chunks: list[dict[str, Any]] = []
    done = _follow("p", iter(lines), chunks, "")
    (choice,) = completion.assemble(chunks, provider="p", done=done)["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("Yes.", "stop")


@pytest.mark.parametrize("data", ['{"error": {"message": "too busy"}}', '{"message": "too busy"}', "too busy"])
def test_an_error_in_a_stream_is_the_providers_own(data: str) -> None:
    with pytest.raises(ProviderFailed, match="too busy"):
        _follow("p", iter(["event: error", f"data: {data}", ""]), [], "")


def test_what_a_model_refuses_is_left_out_and_remembered(providers: Providers, standin: StandIn) -> None:
    offer = Offer("p", "gpt-4o", "premium")
    for param in ("max_tokens", "temperature"):
        said = {"message": f"Unsupported parameter: '{param}'", "code": "unsupported_parameter", "param": param}
        standin.faults.append(Fault(status=400, said=said))
    until = time.time() + 30
    for asked in range(2):
        called = calls.call(
            providers,
            [offer],
            [Message("user", SECRET)],
            {"temperature": 0, "max_tokens": 50},
            deadline_at=until,
            deadline_s=30,
        )
        assert called.left_out == ("temperature",)
        assert len(standin.requests) == 3 + asked
    sent = standin.requests[-1]
    assert (sent.get("max_completion_tokens"), "temperature" in sent, "max_tokens" in sent) == (50, False, False)


def test_the_providers_own_reason_reaches_the_caller(providers: Providers, standin: StandIn) -> None:
    said = {"message": f"messages too long: {SECRET}", "code": "context_length_exceeded"}
    standin.faults.append(Fault(status=400, said=said))
    with pytest.raises(ProviderFailed, match="context_length_exceeded: messages too long") as caught:
        ask(providers)
    assert "4111" not in str(caught.value)


def test_an_answer_that_broke_off_is_paid_for(providers: Providers, standin: StandIn) -> None:
    standin.faults.append(Fault(cut=True))
    called = ask(providers)
    ((offer, usage),) = called.wasted
    assert offer == MINI
    assert usage.prompt_tokens > 0 < usage.completion_tokens


@pytest.mark.parametrize("key", ["farm-9f8e7d6c5b", "9f8e7d6c5b4a39281706", "gateway.token.of.ours"])
def test_a_providers_own_key_is_withheld_whatever_it_looks_like(standin: StandIn, key: str) -> None:
    held = Providers([ProviderConfig("p", standin.url, key, "openai")])
    standin.faults.append(Fault(status=401, said={"message": f"no such token: {key}, see the manual"}))
    with pytest.raises(ProviderFailed, match="refused the API key") as refused:
        ask(held)
    assert key not in str(refused.value)
    assert "no such" in str(refused.value)
    held.close()
