"""Settings: read from the environment once, checked all at once, frozen."""

from __future__ import annotations

import os
import re
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import ConfigurationInvalid
from workers.config.addresses import is_address, is_cluster

if TYPE_CHECKING:
    from collections.abc import Mapping

# Celery's own connections know no cluster, and a worker takes from several lists at once.
ONE_MASTER = ("FARTHING_BROKER_URL", "FARTHING_RESULT_URL")
# A service named farthing-… puts its addresses into every pod's environment.
_OF_KUBERNETES = re.compile(r"_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)?$")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def _setting(env: str, default: Any, says: str, *, secret: bool = False, of: tuple[str, ...] = ()) -> Any:
    facts = {"env": env, "says": says, "secret": secret, "of": of}
    return field(default=default, repr=not secret, metadata=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a process reads from its environment. Build it with :meth:`from_env`."""

    broker_url: str = _setting(
        "FARTHING_BROKER_URL", "redis://127.0.0.1:6379/0", "broker Redis (noeviction, append-only)", secret=True
    )
    result_url: str = _setting("FARTHING_RESULT_URL", "", "result backend; the broker when empty", secret=True)
    cache_url: str = _setting("FARTHING_CACHE_URL", "", "cache Redis; the broker when empty", secret=True)
    ledger_url: str = _setting(
        "FARTHING_LEDGER_URL", "", "Redis of the ledger, never evicting; the broker when empty", secret=True
    )
    config_path: str = _setting("FARTHING_CONFIG", "", "TOML file of models, providers, prices and rules")
    secret: str = _setting(
        "FARTHING_SECRET", "", "key of the scopes' HMAC; made once and kept in the cache Redis when empty", secret=True
    )
    encoder: str = _setting(
        "FARTHING_ENCODER",
        "packaged",
        "`packaged`, `multilingual`, `none`, `characters[:<folder>]`, `openai:<model>`, or a sentence-transformers hub"
        " name or path; `onnx:`, `int8:` or `torch:` before it",
    )
    encoder_dir: str = _setting(
        "FARTHING_ENCODER_DIR", "~/.cache/farthing", "where encoders are exported to for ONNX Runtime, once"
    )
    verifier: str = _setting(
        "FARTHING_VERIFIER", "", "weights of `farthing train verify` for this encoder; the shipped ones when empty"
    )
    router: str = _setting(
        "FARTHING_ROUTER", "", "a router of `farthing train routing` for this encoder; the shipped one when empty"
    )
    replica_mb: int = _setting(
        "FARTHING_REPLICA_MB", 2000, "memory for the replicas of one lookup worker; the scope unused for longest goes"
    )
    vector_sets_from: int = _setting(
        "FARTHING_VECTOR_SETS_FROM",
        1_000_000,
        "phrasings from which on a scope is searched in the cache's Redis (8 or later), not in workers; 0: never",
    )
    openai_api_key: str = _setting("OPENAI_API_KEY", "", "key of the default provider", secret=True)
    openai_base_url: str = _setting("OPENAI_BASE_URL", "", "address of the default provider; OpenAI's own when empty")
    economy_model: str = _setting("FARTHING_ECONOMY_MODEL", "gpt-4o-mini", "economy model without a configuration file")
    premium_model: str = _setting("FARTHING_PREMIUM_MODEL", "gpt-4o", "premium model without a configuration file")
    result_expires_s: int = _setting("FARTHING_RESULT_EXPIRES_S", 3600, "how long a result can be fetched, seconds")
    visibility_timeout_s: int = _setting(
        "FARTHING_VISIBILITY_TIMEOUT_S",
        1800,
        "seconds after which messages that kombu's own transport took are delivered again; ours needs none",
    )
    most_waiting: int = _setting(
        "FARTHING_MOST_WAITING",
        50_000,
        "jobs that may wait; of more, those of tenants with more than an equal share are refused; 0: no bound",
    )
    when_full: str = _setting(
        "FARTHING_WHEN_FULL",
        "shed",
        "when so many wait for a model: `shed` serves from cache and rules alone, `refuse` does not look them up",
        of=("shed", "refuse"),
    )
    remote_control: str = _setting(
        "FARTHING_REMOTE_CONTROL",
        "cancel",
        "what workers do at the word of whoever reaches the broker: `cancel` jobs and say what they are at, or `all` of"
        " Celery's commands, which Flower's buttons need",
        of=("cancel", "all"),
    )
    log_level: str = _setting("FARTHING_LOG_LEVEL", "INFO", f"one of {', '.join(LEVELS)}", of=LEVELS)
    log_format: str = _setting("FARTHING_LOG_FORMAT", "console", "`console` or `json`", of=("console", "json"))
    flower_port: int = _setting("FARTHING_FLOWER_PORT", 5555, "port of Flower on loopback; 0 takes a free one")
    flower_user: str = _setting("FARTHING_FLOWER_USER", "farthing", "Flower's login")
    flower_password: str = _setting(
        "FARTHING_FLOWER_PASSWORD", "", "Flower's password; made at each start when empty", secret=True
    )
    alive_file: str = _setting(
        "FARTHING_ALIVE_FILE",
        "",
        "file that a worker touches with each heartbeat, first when it is ready; none when empty",
    )
    state_dir: str = _setting(
        "FARTHING_STATE_DIR", "~/.local/state/farthing", "what `farthing up` keeps between runs (embedded Redis, logs)"
    )

    @property
    def state(self) -> Path:
        """The state folder, ``~`` expanded."""
        return Path(self.state_dir).expanduser()

    @property
    def encoders(self) -> Path:
        """The encoders' folder, ``~`` expanded."""
        return Path(self.encoder_dir).expanduser()

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read every setting; raises ConfigurationInvalid with all faults."""
        given = os.environ if environ is None else environ
        faults: list[str] = []
        values = {f.name: _read(f, given, faults) for f in fields(cls)}
        known = {f.metadata["env"] for f in fields(cls)}
        faults += [
            f"{name}: no such setting, expected one of those in docs/reference.md"
            for name in sorted(given)
            if name.startswith("FARTHING_") and name not in known and not _OF_KUBERNETES.search(name)
        ]
        if faults:
            raise ConfigurationInvalid(faults)
        for name in ("result_url", "cache_url", "ledger_url"):
            values[name] = values[name] or values["broker_url"]
        return cls(**values)


def _read(setting: Field[Any], environ: Mapping[str, str], faults: list[str]) -> Any:
    env, of = setting.metadata["env"], setting.metadata["of"]
    raw = environ.get(env, "").strip()
    if not raw:
        return setting.default
    if isinstance(setting.default, int):
        return _whole(env, raw, faults)
    if of and raw not in of:
        faults.append(f"{env}: expected one of {', '.join(of)}")
    # The value is not shown: it may hold a password.
    if env in ONE_MASTER and is_cluster(raw):
        faults.append(
            f"{env}: expected one server or Sentinels; only the cache and the ledger may lie in a Redis Cluster"
        )
    elif env.endswith("_URL") and env.startswith("FARTHING_") and not is_address(raw):
        faults.append(
            f"{env}: expected redis://[:password@]host:port/db, rediss://…, unix://…, sentinel://host,host/db?master=name"
            f"{'' if env in ONE_MASTER else ' or redis+cluster://host,host'}"
        )
    return raw


def _whole(env: str, raw: str, faults: list[str]) -> int:
    if raw.isdecimal() and raw.isascii() and int(raw) < 2**31:
        return int(raw)
    # No value is shown: it may be a password in the wrong variable.
    faults.append(f"{env}: expected a whole number of 0 or more")
    return 0


def environment(settings: Settings) -> dict[str, str]:
    """The environment from which a child process reads these very settings."""
    return {f.metadata["env"]: str(value) for f in fields(Settings) if (value := getattr(settings, f.name)) != ""}


def table() -> str:
    """The README's configuration table, in Markdown."""
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for f in fields(Settings):
        default = f"`{f.default}`" if f.default != "" else ""
        rows.append(f"| `{f.metadata['env']}` | {default} | {f.metadata['says']} |")
    return "\n".join(rows)
