"""The configuration file: every fault at once, each with its line, no value of it shown."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from pipelines.answer import Usage
from pipelines.errors import ConfigurationInvalid
from pipelines.routing import completion
from pipelines.routing.catalog import MODEL_TIERS
from workers.config import configuration, manual, schema, types
from workers.config.settings import Settings

GOOD = """
[[providers]]
name = "acme"
base_url = "https://acme.example/v1"
api_key_env = "ACME_KEY"

[[providers.models]]
name = "acme-small"
tier = "economy"

[[providers.models]]
name = "acme-big"
tier = "premium"
context_tokens = 32000

[[prices]]
provider = "acme"
model = "acme-small"
input_per_mtok = "0.10"
output_per_mtok = "0.40"

[[prices]]
provider = "acme"
model = "acme-big"
input_per_mtok = "2.00"
output_per_mtok = "8.00"

[cache]
target = 0.02
ttl_s = 600
"""


RULE = """
[[rules]]
name = "order"
database = "sqlite://"
sql = "SELECT 1"
[rules.patterns]
en = ["PATTERN"]
[rules.answers]
en = "TEMPLATE"
"""


def load(tmp_path: Path, text: str, **environ: str) -> configuration.Configuration:
    path = tmp_path / "farthing.toml"
    path.write_text(text, encoding="utf-8")
    given = {"FARTHING_CONFIG": str(path), **environ}
    return configuration.load(Settings.from_env(given), given)


def faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigurationInvalid) as caught:
        load(tmp_path, text)
    return caught.value.faults


def test_without_anything_the_defaults_hold() -> None:
    found = configuration.load(Settings.from_env({}), {})
    assert found.catalog.models() == ["gpt-4o-mini", "gpt-4o"]
    assert found.providers[0].base_url is None


def test_a_file_says_who_answers_and_at_what_price(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    found = load(tmp_path, GOOD, ACME_KEY="k")
    assert [o.model for o in found.catalog.of_tier("premium")] == ["acme-big"]
    assert found.catalog.of_model("acme-big")[0].context_tokens == 32_000
    rules = found.cache_of("anyone")
    assert (rules.target, rules.retention.ttl_s, rules.retention.frequent_ttl_s) == (0.02, 600.0, 86_400.0)
    assert found.providers[0].api_key == "k"
    assert found.prices.cost("acme", "acme-small", Usage(1_000_000), datetime.now(UTC)) == Decimal("0.1")


def test_a_tenant_may_have_rules_of_its_own(tmp_path: Path) -> None:
    text = (
        GOOD + "\n[tenants.acme]\ntarget = 0.005\nttl_s = 60\nshare_after_users = 3\n[tenants.acme-2]\ncapacity = 9\n"
    )
    found = load(tmp_path, text, ACME_KEY="k")
    acme, other = found.cache_of("acme"), found.cache_of("acme-2")
    assert (acme.target, acme.retention.ttl_s, acme.retention.frequent_ttl_s, acme.share_after_users) == (
        0.005, 60.0, 86_400.0, 3,
    )  # fmt: skip
    assert (other.target, other.capacity, other.share_after_users) == (0.02, 9, 1)
    said = "\n".join(faults(tmp_path, GOOD + "\n[tenants.acme]\njudge_share = 1.0\ntarget = 7\n"))
    assert "tenants.acme.judge_share: no such setting" in said
    assert "tenants.acme.target: got 7" in said


def test_a_tenants_conversations_may_be_sent_otherwise(tmp_path: Path) -> None:
    text = GOOD + "\n[context]\naudit_share = 0.1\n[tenants.acme.context]\nmode = 'all'\n"
    found = load(tmp_path, text + "[tenants.acme-2.context]\nbudget_tokens = 900\n", ACME_KEY="k")
    said = {name: found.context_of(name) for name in ("acme", "acme-2", "anyone")}
    assert {name: rules.mode for name, rules in said.items()} == {"acme": "all", "acme-2": 900, "anyone": "auto"}
    assert {rules.audit_share for rules in said.values()} == {0.1}
    assert found.cache_of("acme") == found.cache


def test_openai_alone_is_sent_a_cache_key_unless_said(tmp_path: Path) -> None:
    def takes(text: str) -> set[bool]:
        return {offer.takes_cache_key for offer in load(tmp_path, text, ACME_KEY="k").catalog.offers}

    assert takes(GOOD) == {False}
    assert takes(GOOD.replace('base_url = "https://acme.example/v1"', "prompt_cache_key = true")) == {True}
    assert takes(GOOD.replace("[[providers.models]]", "prompt_cache_key = true\n[[providers.models]]", 1)) == {True}
    assert takes(GOOD.replace('base_url = "https://acme.example/v1"', "")) == {True}


def test_every_fault_of_the_file_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = (
        GOOD.replace('tier = "premium"', 'tier = "luxury"')
        .replace("target = 0.02", "target = 2")
        .replace("[cache]", "colour = 1\n[cache]")
    )
    found = "\n".join(faults(tmp_path, text))
    at = {part: f"farthing.toml:{number}: " for number, part in enumerate(text.splitlines(), start=1)}
    assert f"{at['target = 2']}cache.target: got 2" in found
    tier = at['tier = "luxury"'] + "providers[0].models[1].tier: expected 'economy' or 'premium'"
    assert tier in found
    assert "colour: no such setting" in found


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('input_per_mtok = "2.00"', 'input_per_mtok = "free"', "expected an amount as text"),
        ('input_per_mtok = "2.00"', "", "input_per_mtok: missing"),
        ('model = "acme-big"', 'model = "acme-huge"', "no price is known for it"),
        ('base_url = "https://acme.example/v1"', 'base_url = "$ACME_URL"', "the variable ACME_URL is not set"),
        ("[cache]", "[cache", "not TOML"),
        ("[cache]", "[[rules]]\nname = 'x'\n[cache]", "rules[0].patterns: missing"),
        ("[cache]", "[cash]", "cash: no such setting"),
        ('name = "acme-small"', 'name = ""', "expected text (the model's name"),
        ("context_tokens = 32000", "context_tokens = -1", "got -1, expected greater than 0"),
        ('"2.00"', '"1e999999"', "expected an amount as text"),
        ("ttl_s = 600", "ttl_s = inf", "cache.ttl_s"),
        ("ttl_s = 600", "ttl_s = 1e17", "cache.ttl_s: got 1e+17, expected less than or equal to 31536000"),
        ("ttl_s = 600", f"frequent_asks = {'9' * 5_000}", "not TOML that anybody wrote"),
        ("ttl_s = 600", f"x = {'[' * 3_000}{']' * 3_000}", "not TOML that anybody wrote"),
        ("ttl_s = 600", 'passing = [""]', "one of these is empty"),
        ("[cache]", '[currencies]\nUSD = "2"\n[cache]', "USD is what the others are counted in"),
        ("[cache]", RULE.replace("TEMPLATE", "{balance:.2f}") + "[cache]", "expected a column's name and nothing else"),
        ("[cache]", RULE.replace("PATTERN", "") + "[cache]", "one of them is empty"),
        ('name = "acme-big"', 'name = "acme-small"', "number 1 was there before"),
        ('model = "acme-big"', 'model = "acme-small"', "the price of a model, number 1 was there before"),
        ('output_per_mtok = "8.00"', 'output_per_mtok = "8.00"\nas_of = "2025-02-31"', "expected a day"),
    ],
)
def test_a_fault_in_the_file_says_what_was_expected(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    assert says in "\n".join(faults(tmp_path, GOOD.replace(old, new)))


def test_a_rules_pattern_and_template_are_checked_before_the_first_question(tmp_path: Path) -> None:
    rule = RULE.replace("PATTERN", "(").replace("TEMPLATE", "x")
    assert "rule 'order': a pattern is none: missing )" in "\n".join(faults(tmp_path, GOOD + rule))
    assert "answers.en: missing" in "\n".join(faults(tmp_path, GOOD + rule.replace('en = "x"', 'fr = "x"')))


def test_faults_of_different_tables_are_told_together(tmp_path: Path) -> None:
    text = (
        GOOD.replace('"2.00"', "2.0").replace("target = 0.02", "target = true").replace("[[providers]]", "[[provider]]")
    )
    found = faults(tmp_path, text + '[tenants]\nacme = 3\n[[rules]]\nname = "r"\n')
    for path in ("provider: no such", "prices[1].input_per_mtok", "cache.target", "tenants.acme", "rules[0].patterns"):
        assert any(path in fault for fault in found), path


def test_a_model_without_a_price_is_told_beside_what_is_wrong_elsewhere(tmp_path: Path) -> None:
    text = GOOD.replace('model = "acme-big"', 'model = "acme-huge"').replace("target = 0.02", "target = 2")
    found = "\n".join(faults(tmp_path, text))
    assert "providers[0].models[1].name: no price is known for it" in found
    assert "cache.target: got 2" in found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('tier = "economy"', 'tier = "sk-hunter2"'),
        ("target = 0.02", 'target = "sk-hunter2"'),
        ('input_per_mtok = "0.10"', 'input_per_mtok = "sk-hunter2"'),
        ("[cache]", '[cache]\npassing = ["(sk-hunter2"]'),
        ("[cache]", '[[rules]]\nname = "r"\ndatabase = ["postgresql://u:sk-hunter2@h/d"]\n[cache]'),
        ('tier = "economy"', 'tier = {key = "sk-hunter2"}'),
        ('name = "acme-small"', 'name = "sk-hunter2"'),
        ('base_url = "https://acme.example/v1"', 'base_url = "$sk-hunter2"'),
        ('base_url = "https://acme.example/v1"', 'base_url = "sk-hunter2"'),
        ('api_key_env = "ACME_KEY"', 'api_key_env = "sk-hunter2"'),
        ("context_tokens = 32000", 'capabilities = ["sk-hunter2"]'),
        ('output_per_mtok = "0.40"', 'output_per_mtok = "0.40"\nas_of = "sk-hunter2"'),
        ("[cache]", RULE.replace("PATTERN", "sk-hunter2(") + "[cache]"),
        ("[cache]", RULE.replace("TEMPLATE", "{sk-hunter2.x}") + "[cache]"),
    ],
)
def test_a_secret_in_the_wrong_line_is_not_shown(tmp_path: Path, old: str, new: str) -> None:
    assert old in GOOD
    assert "hunter2" not in "\n".join(faults(tmp_path, GOOD.replace(old, new, 1)))


def test_editors_check_by_the_same_schema() -> None:
    schema = json.loads(manual.json_schema())
    for path in ("deploy/examples/providers.toml", "workers/demo/demo.toml"):
        jsonschema.validate(tomllib.loads(Path(path).read_text(encoding="utf-8")), schema)
    for bad in ("[cash]", "[cache]\ntarget = 1", 'tier = "x"', "[[prices]]"):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(tomllib.loads(bad), schema)


def test_every_setting_says_what_it_means() -> None:
    silent = [
        f"{table.__name__}.{name}"
        for table in (schema.File, *schema.Table.__subclasses__(), schema.CacheTable)
        for name, one in table.model_fields.items()
        if not one.description
    ]
    assert not silent


def test_what_a_model_may_refuse_is_what_the_call_can_leave_out() -> None:
    assert set(get_args(types.Refusable)) == {"max_tokens", *completion.SAMPLING}
    assert get_args(schema.ModelTable.model_fields["tier"].annotation) == MODEL_TIERS


def test_a_mark_at_the_beginning_is_no_fault(tmp_path: Path) -> None:
    assert load(tmp_path, f"\ufeff{GOOD}").catalog.models() == ["acme-small", "acme-big"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        given = {"FARTHING_CONFIG": str(path)}
        with pytest.raises(ConfigurationInvalid, match="cannot read"):
            configuration.load(Settings.from_env(given), given)
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    given = {"FARTHING_CONFIG": str(tmp_path / "bad.toml")}
    with pytest.raises(ConfigurationInvalid, match="not UTF-8"):
        configuration.load(Settings.from_env(given), given)


def test_prices_in_another_currency_become_dollars(tmp_path: Path) -> None:
    text = GOOD.replace('model = "acme-small"\ninput', 'model = "acme-small"\ncurrency = "CNY"\ninput')
    text = '[currencies]\nCNY = "0.14"\n' + text
    usage = Usage(prompt_tokens=1_000_000)
    built = load(tmp_path, text, ACME_KEY="k")
    assert built.prices.cost("acme", "acme-small", usage, datetime.now(UTC)) == Decimal("0.014")
    (fault,) = faults(tmp_path, text.replace('currency = "CNY"', 'currency = "XYZ"'))
    assert "prices[0].currency: expected one of USD, CNY" in fault


def test_the_example_of_several_providers_loads_and_prefers_the_cheapest() -> None:
    given = {"FARTHING_CONFIG": "deploy/examples/providers.toml"}
    built = configuration.load(Settings.from_env(given), given)
    assert {p.name: p.api_key for p in built.providers} == {"openai": "", "anthropic": "", "qwen": ""}
    usage = Usage(prompt_tokens=1_000, completion_tokens=300)
    prices = {
        offer.provider: built.market(datetime.now(UTC)).cost_usd(offer, usage)
        for offer in built.catalog.of_tier("economy")
    }
    assert min(prices, key=prices.__getitem__) == "qwen"
