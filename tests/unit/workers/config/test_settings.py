"""Settings from the environment: every fault at once, no secret shown."""

from __future__ import annotations

import pytest

from pipelines.errors import ConfigurationInvalid
from workers.config.settings import Settings, environment


def test_every_fault_of_the_environment_is_told_at_once_and_no_password() -> None:
    bad = {
        "FARTHING_BROKER_URL": "amqp://user:hunter2@host",
        "FARTHING_RESULT_EXPIRES_S": "hunter2",
        "FARTHING_LOG_LEVEL": "hunter2",
        "FARTHING_COLOUR": "blue",
    }
    with pytest.raises(ConfigurationInvalid) as caught:
        Settings.from_env(bad)
    found = str(caught.value)
    assert len(caught.value.faults) == 4
    assert all(name in found for name in bad)
    assert "hunter2" not in found


def test_secrets_never_show_in_a_repr() -> None:
    settings = Settings.from_env({"OPENAI_API_KEY": "sk-secret", "FARTHING_BROKER_URL": "redis://:hunter2@h:1/0"})
    assert "sk-secret" not in repr(settings)
    assert "hunter2" not in repr(settings)


def test_a_child_process_reads_the_very_same_settings() -> None:
    settings = Settings.from_env({"FARTHING_BROKER_URL": "redis://h:1/0", "FARTHING_RESULT_EXPIRES_S": "60"})
    assert Settings.from_env(environment(settings)) == settings


def test_one_redis_serves_every_role_unless_told_otherwise() -> None:
    settings = Settings.from_env({"FARTHING_BROKER_URL": "redis://h:1/0", "FARTHING_CACHE_URL": "redis://c:1/0"})
    assert (settings.result_url, settings.ledger_url, settings.cache_url) == ("redis://h:1/0",) * 2 + ("redis://c:1/0",)


@pytest.mark.parametrize(
    "name",
    [
        "FARTHING_SERVICE_HOST",
        "FARTHING_BROKER_SERVICE_PORT",
        "FARTHING_BROKER_SERVICE_PORT_REDIS",
        "FARTHING_BROKER_PORT",
        "FARTHING_BROKER_PORT_6379_TCP",
        "FARTHING_BROKER_PORT_6379_TCP_ADDR",
    ],
)
def test_what_kubernetes_puts_there_is_no_setting_of_ours(name: str) -> None:
    Settings.from_env({name: "tcp://10.0.0.7:6379"})


@pytest.mark.parametrize("name", ["FARTHING_BROKER_URL", "FARTHING_RESULT_URL"])
def test_broker_and_results_lie_in_no_cluster(name: str) -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        Settings.from_env({name: "redis+cluster://:hunter2@h:1"})
    assert "Sentinels" in caught.value.faults[0]
    assert name in caught.value.faults[0]
    assert "hunter2" not in str(caught.value)


def test_cache_and_ledger_may() -> None:
    settings = Settings.from_env(
        {"FARTHING_CACHE_URL": "redis+cluster://c", "FARTHING_LEDGER_URL": "rediss+cluster://l"}
    )
    assert (settings.cache_url, settings.ledger_url) == ("redis+cluster://c", "rediss+cluster://l")
