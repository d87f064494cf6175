"""The doctor: checks every setting, connection, model file and database, and says how to mend what is broken."""

from __future__ import annotations

import json
import os
import secrets
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from redis.exceptions import AuthenticationError, OutOfMemoryError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

from pipelines.errors import ConfigurationInvalid, EncoderUnavailable, ProviderFailed, RuleFailed, StoreUnavailable
from workers.cli import doctor_fleet
from workers.cli.check import Check
from workers.config import addresses
from workers.config.settings import Settings
from workers.providers import refusals
from workers.runtime import Runtime
from workers.store.cluster import servers
from workers.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOOKED_BACK_DAYS, MANY = 7, 0.05  # a twentieth of the questions


def examine(environ: Mapping[str, str] | None = None) -> Iterator[Check]:
    """Look at everything, in the order in which things depend on each other; never raises."""
    try:
        settings = Settings.from_env(environ)
    except ConfigurationInvalid as error:
        for fault in error.faults:
            yield Check("settings", "broken", fault, "set the variable as expected, or unset it")
        return
    yield Check("settings", "ok", "every variable is as expected")
    for role in ("broker", "result", "cache", "ledger"):
        yield _redis(role, getattr(settings, f"{role}_url"))
    yield from _fleet(settings)
    yield _folder(settings)
    yield _port(settings)
    try:
        held = Runtime(settings, environ)
        _ = held.configuration
    except ConfigurationInvalid as error:
        for fault in error.faults:
            yield Check("configuration", "broken", fault, "mend that line")
        return
    yield Check("configuration", "ok", settings.config_path or "no file; the defaults hold")
    models = ", ".join(dict.fromkeys(offer.model for offer in held.configuration.catalog.offers))
    yield Check("prices", "ok", f"known for {models} ({held.configuration.prices.version})")
    yield _keys(held)
    yield _encoder(held)
    yield _router(held)
    yield from _unread(held)
    yield from _providers(held)
    yield from _databases(held)


def _redis(role: str, url: str) -> Check:
    name, where = f"{role} Redis", _place(url)
    client = connect(url)
    probe = f"farthing:doctor:{secrets.token_hex(4)}"
    try:
        client.set(probe, "1", ex=5)
        client.delete(probe)
        said = {
            name: [one.config_get(name).get(name, "") for one in servers(client)]
            for name in ("maxmemory-policy", "appendonly")
        }
        policy = next((one for one in said["maxmemory-policy"] if one != "noeviction"), "noeviction")
        durable = min(said["appendonly"])
    except AuthenticationError:
        return Check(name, "broken", f"{where}: wrong or missing password", f"mend FARTHING_{role.upper()}_URL")
    except RedisConnectionError:
        return Check(name, "broken", f"{where}: cannot be reached", f"start it, or mend FARTHING_{role.upper()}_URL")
    except OutOfMemoryError:
        return Check(name, "broken", f"{where}: full (maxmemory)", "raise maxmemory or free space")
    except ResponseError as error:
        if "NOAUTH" in str(error) or "WRONGPASS" in str(error):
            return Check(name, "broken", f"{where}: wrong or missing password", f"mend FARTHING_{role.upper()}_URL")
        return Check(name, "warning", f"{where}: answers, but does not show its configuration", "allow CONFIG GET")
    except (RedisError, OSError) as error:
        return Check(name, "broken", f"{where}: {type(error).__name__}", f"look at FARTHING_{role.upper()}_URL")
    finally:
        client.close()
    if role in ("broker", "ledger") and policy != "noeviction":
        return Check(
            name, "warning", f"{where}: evicts ({policy})", "set maxmemory-policy noeviction: it would lose jobs"
        )
    if role == "broker" and durable != "yes":
        return Check(name, "warning", f"{where}: not append-only", "set appendonly yes: a restart would lose jobs")
    return Check(name, "ok", where)


def _place(url: str) -> str:
    """Host and port of a URL, without its password."""
    if (nodes := addresses.nodes(url)) is not None:
        return f"cluster by {', '.join(f'{host}:{port}' for host, port in nodes.hosts)}"
    if (found := addresses.sentinels(url)) is not None:
        return f"{found.master} by {', '.join(f'{host}:{port}' for host, port in found.hosts)}"
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path


def _fleet(settings: Settings) -> Iterator[Check]:
    from celery import Celery
    from kombu.exceptions import OperationalError

    address, options = addresses.for_celery(settings.broker_url)
    app = Celery("doctor", broker=address)
    app.conf.broker_transport_options = {"socket_connect_timeout": 2, "max_retries": 0, **options}
    try:
        answered = app.control.inspect(timeout=1.0).active_queues() or {}
    except (OperationalError, RedisError, OSError):
        yield Check("workers", "broken", "the broker does not answer", "mend the broker first")
        return
    finally:
        app.close()
    served = {queue["name"] for queues in answered.values() for queue in queues}
    yield from doctor_fleet.examine(settings, served)


def _keys(held: Runtime) -> Check:
    """Do jobs carry what makes every one of them another scope?"""
    try:
        notes = held.notes()
    except StoreUnavailable as error:
        return Check("keys", "warning", str(error), "mend the ledger's Redis")
    if notes:
        return Check("keys", "warning", "; ".join(notes), "[cache] leave_out names what the key leaves out")
    return Check("keys", "ok", "no clock and no request id seen in instructions today")


def _unread(held: Runtime) -> Iterator[Check]:
    """Are many questions in a script that the configured encoder was not taught?"""
    try:
        events = held.accounts.events_of(LOOKED_BACK_DAYS)
    except StoreUnavailable:
        return
    asked = sum(number for event, number in events.items() if event.startswith("answered."))
    second = events.get("encoder.characters", 0) + events.get("encoder.unread", 0)
    if asked and second > MANY * asked:
        share = min(second / asked, 1.0)
        said = f"{share:.0%} of this week's questions are in a script that the encoder cannot read, or too long for it"
        mend = "FARTHING_ENCODER=multilingual finds their rewordings (docs/how-to.md, Serve Chinese)"
        yield Check("languages", "warning", said, mend)


def _encoder(held: Runtime) -> Check:
    from workers.encoders import factory

    try:
        readers = factory.readers(held.encoder, held.settings.encoders)
        if not readers:
            return Check("encoder", "warning", "none: there is no semantic tier", "set FARTHING_ENCODER")
        for encoder in readers:
            encoder.encode(["hello 你好"])
            held.verifiers.check(encoder)
    except (EncoderUnavailable, ProviderFailed) as error:
        return Check("encoder", "broken", str(error), "reinstall farthing[worker], or set FARTHING_ENCODER")
    except ConfigurationInvalid as error:
        return Check("encoder", "broken", "; ".join(error.faults), "mend FARTHING_VERIFIER, or unset it")
    return Check("encoder", "ok", ", then ".join(encoder.fingerprint for encoder in readers))


def _router(held: Runtime) -> Check:
    from workers.encoders import factory

    try:
        router = held.router
        readers = factory.readers(held.encoder, held.settings.encoders) if router.encoder else ()
    except ConfigurationInvalid as error:
        return Check("router", "broken", "; ".join(error.faults), "mend FARTHING_ROUTER, or unset it")
    except EncoderUnavailable:
        readers = ()
    if router.gain.learned is None:
        return Check("router", "ok", "shipped: economy, but for tasks that are a long chain of steps")
    if router.encoder and router.encoder not in {reader.fingerprint for reader in readers}:
        said = f"it was trained on vectors of {router.encoder}, which is not here: it sees the questions' surface alone"
        return Check("router", "warning", said, "farthing train routing with this fleet's encoder")
    said = f"learned from {router.gain.outcomes} outcomes"
    if router.panel is not None:
        said += f", of {len(router.panel.qualities)} models"
        strange = sorted(set(router.panel.qualities) - set(held.configuration.catalog.models()))
        if strange:
            said += f"; {', '.join(strange)}: not offered by FARTHING_CONFIG, and never asked"
            return Check("router", "warning", said, "offer them under these names, or train without them")
    return Check("router", "ok", said)


def _folder(settings: Settings) -> Check:
    probe = settings.state / f".doctor-{secrets.token_hex(4)}"
    try:
        settings.state.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(os.urandom(4096))
        probe.unlink()
    except OSError as error:
        said = f"{settings.state}: {error.strerror}"
        return Check("state folder", "broken", said, "free space, or set FARTHING_STATE_DIR")
    return Check("state folder", "ok", str(settings.state))


def _port(settings: Settings) -> Check:
    if settings.flower_port == 0:
        return Check("Flower's port", "ok", "any free one")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", settings.flower_port)) == 0:
            said = f"{settings.flower_port} is taken (by Flower, if the fleet is up)"
            return Check("Flower's port", "warning", said, "set FARTHING_FLOWER_PORT")
    return Check("Flower's port", "ok", f"{settings.flower_port} is free")


def _providers(held: Runtime) -> Iterator[Check]:
    configuration, providers = held.configuration, held.providers
    for provider in configuration.providers:
        name = f"provider {provider.name}"
        wanted = {offer.model for offer in configuration.catalog.offers if offer.provider == provider.name}
        try:
            offered = providers.models(provider.name, timeout_s=5.0)
        except ProviderFailed as error:
            mend = "mend its key" if error.status in (401, 403) or "key" in error.kind else "mend its address or wait"
            yield Check(name, "broken", str(error), mend)
            continue
        absent = sorted(wanted - offered)
        if absent:
            yield Check(name, "warning", f"does not list {', '.join(absent)}", "mend the models' names")
        else:
            yield Check(name, "ok", f"offers {', '.join(sorted(wanted))}")
        yield from _refusals(held, provider.name)


def _refusals(held: Runtime, provider: str) -> Iterator[Check]:
    """Ask each model for one word with the parameters that some refuse: the fleet would learn it from its first job."""
    for offer in held.configuration.catalog.offers:
        if offer.provider != provider:
            continue
        refused = refusals.refuses(held.providers, offer)
        if refused:
            said = f"{offer.model} refuses {', '.join(sorted(refused))}"
            listed = json.dumps(sorted(refused))
            yield Check(f"model {offer.model}", "warning", said, f"add to its [[providers.models]]: refuses = {listed}")


def _databases(held: Runtime) -> Iterator[Check]:
    for rule in held.configuration.rules.rules:
        name = f"rule {rule.name}"
        if rule.database is None:
            yield Check(name, "ok", "its template answers, without a database")
            continue
        try:
            held.databases.rows(rule.database, "SELECT 1", {}, rule=rule.name)
        except RuleFailed as error:
            yield Check(name, "broken", error.reason, "mend the rule's database")
        else:
            yield Check(name, "ok", "its database answers")
