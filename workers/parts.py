"""The parts of a process: connections, stores, encoder, lookup; made on first use, once, shared by its threads."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipelines.answer import Usage
from pipelines.errors import EncoderUnavailable, StoreUnavailable
from pipelines.text import language
from workers.config import configuration
from workers.observability import counters, logs
from workers.once import Makes, once
from workers.store import keys
from workers.store.connection import ERRORS, connect

if TYPE_CHECKING:
    from collections.abc import Mapping

    import redis

    from pipelines.cache.judge import Budget
    from pipelines.routing.router import Router
    from pipelines.vectors.encoder import Encoder
    from workers.cache.clusters import Membership
    from workers.cache.documents import Sources
    from workers.cache.entries import CacheStore
    from workers.cache.eviction import Evictor
    from workers.cache.lookup import Lookup
    from workers.cache.min_users import Sharing
    from workers.cache.risk_state import Boundaries
    from workers.cache.vector_sets import VectorSets
    from workers.config.configuration import Configuration
    from workers.config.settings import Settings
    from workers.encoders import factory
    from workers.encoders.verifiers import Verifiers
    from workers.jobs.flights import Flights
    from workers.jobs.ledger import Accounts
    from workers.jobs.records import Records
    from workers.jobs.reviews import Reviews
    from workers.providers.databases import Databases
    from workers.providers.openai_client import Providers

CACHE_PATIENCE_S = 2.0  # a caller waits; without the cache the model answers
AWAY_S = 2.0  # a cache that did not answer is not asked again by every job meanwhile


class Parts(Makes):
    """Everything below the stages that is slow to make, or shared.

    ``made``: what is given instead of being made, by name.
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str] | None = None, **made: Any) -> None:
        super().__init__(made)
        self.settings, self.environ = settings, environ
        self._away_until = 0.0

    def warm(self, name: str) -> None:
        """Make one property now instead of on first use."""
        getattr(self, name)

    @once
    def configuration(self) -> Configuration:
        """The configuration file, checked."""
        return configuration.load(self.settings, self.environ)

    @once
    def cache_redis(self) -> redis.Redis:
        """The cache's Redis."""
        return connect(self.settings.cache_url, patience_s=CACHE_PATIENCE_S)

    @once
    def store(self) -> CacheStore:
        """Entries in the cache's Redis."""
        from workers.cache.entries import CacheStore

        return CacheStore(self.cache_redis)

    @once
    def vector_sets(self) -> VectorSets:
        """Scopes that Redis searches itself."""
        from workers.cache.vector_sets import VectorSets

        return VectorSets(self.cache_redis, self.store, self.settings.vector_sets_from)

    @once
    def members(self) -> Membership:
        """Which phrasing belongs to which entry."""
        from workers.cache.clusters import Membership

        return Membership(self.cache_redis)

    @once
    def sources(self) -> Sources:
        """Which entries rest on which document."""
        from workers.cache.documents import Sources

        return Sources(self.cache_redis, self.store, self.members)

    @once
    def evictor(self) -> Evictor:
        """Keeps tenants within their capacity."""
        from workers.cache.eviction import Evictor

        return Evictor(self.cache_redis, self.store, lambda tenant: self.configuration.cache_of(tenant).capacity)

    @once
    def boundaries(self) -> Boundaries:
        """Where each tenant and category stands."""
        from workers.cache.risk_state import Boundaries

        return Boundaries(self.ledger_redis, lambda tenant: self.configuration.cache_of(tenant).target, self.verifiers)

    @once
    def router(self) -> Router:
        """What tells when premium is worth its price."""
        from workers.providers import routers

        return routers.load(self.settings.router)

    @once
    def verifiers(self) -> Verifiers:
        """What weighs each kind of encoder's cosines."""
        from workers.encoders import verifiers

        return verifiers.load(self.settings.verifier)

    @once
    def sharing(self) -> Sharing:
        """Who may be given an entry that others asked for."""
        from workers.cache.min_users import Sharing

        return Sharing(
            self.cache_redis, lambda tenant: self.configuration.cache_of(tenant).share_after_users, lambda: self.secret
        )

    @once
    def judge_budget(self) -> Budget:
        """How many jobs of this process may still be judged."""
        from pipelines.cache.judge import Budget

        return Budget(self.configuration.cache.judge_share)

    @once
    def ledger_redis(self) -> redis.Redis:
        """The ledger's Redis."""
        return connect(self.settings.ledger_url)

    @once
    def broker_redis(self) -> redis.Redis:
        """The broker's Redis, to look at what waits: a lookup that it keeps waiting goes on without."""
        return connect(self.settings.broker_url, patience_s=CACHE_PATIENCE_S)

    @once
    def accounts(self) -> Accounts:
        """The ledger."""
        from workers.jobs.ledger import Accounts

        return Accounts(self.ledger_redis)

    @once
    def flights(self) -> Flights:
        """Who waits for whom."""
        from workers.jobs.flights import Flights

        return Flights(self.ledger_redis)

    @once
    def records(self) -> Records:
        """Job records for feedback and redelivery."""
        from workers.jobs.records import Records

        return Records(self.ledger_redis)

    @once
    def reviews(self) -> Reviews:
        """Answers that users called wrong."""
        from workers.jobs.reviews import Reviews

        return Reviews(self.ledger_redis)

    @once
    def providers(self) -> Providers:
        """Clients of the configured providers."""
        from workers.providers.health import ProviderHealth
        from workers.providers.limits import ProviderLimits
        from workers.providers.openai_client import Providers

        configs, store = self.configuration.providers, self.ledger_redis
        return Providers(configs, ProviderHealth(store), ProviderLimits(configs, store))

    @once
    def databases(self) -> Databases:
        """The rules' databases."""
        from workers.providers.databases import Databases

        return Databases()

    @once
    def lookup(self) -> Lookup:
        """The cache as a lookup worker sees it; without an encoder it has its exact tier alone."""
        from workers.cache.lookup import Lookup
        from workers.cache.replica import Replicas

        language.ready()
        broken: list[str] = []
        readers: tuple[Encoder, ...] = ()
        try:
            readers = self.readers
            for reader in readers:
                self.verifiers.check(reader)
        except EncoderUnavailable as error:
            readers = ()
            broken.append("encoder unavailable")
            counters.count("encoder.unavailable")
            logs.log().error("semantic tier is off", said=str(error))
        replicas = Replicas(self.store, max_bytes=self.settings.replica_mb * 1_000_000, outgrown=self.vector_sets)
        return Lookup(
            self.store,
            self.members,
            replicas,
            readers,
            self.boundaries,
            self.sharing,
            self.secret,
            self.configuration.rules,
            rules_of=self.configuration.cache_of,
            broken=broken,
            judged=self.configuration.cache.judge_share > 0,
        )

    @once
    def readers(self) -> tuple[Encoder, ...]:
        """The encoders, in the order in which they are asked what they can read; raises EncoderUnavailable."""
        from workers.encoders import factory

        return tuple(factory.readers(self.encoder, self.settings.encoders))

    @once
    def encoder(self) -> Encoder | None:
        """The configured encoder, shared by all threads; raises EncoderUnavailable."""
        from workers.encoders import factory
        from workers.encoders.batching import MicroBatcher

        loaded = factory.load(self.settings.encoder, self._embedding, self.settings.encoders)
        return None if loaded is None else MicroBatcher(loaded)

    def _embedding(self, model: str) -> tuple[factory.Embed, factory.Price]:
        """Embeds with the first provider's model, and prices it."""
        providers, configuration = self.providers, self.configuration
        name = configuration.providers[0].name
        return (
            lambda texts: providers.embed(name, model, texts),
            lambda count: configuration.market(datetime.now(UTC)).price_usd(name, model, Usage(prompt_tokens=count)),
        )

    def notes(self) -> list[str]:
        """What today's events say that an operator should know: keys that no other job will ever have."""
        seen = self.accounts.events(datetime.now(UTC).date().isoformat())
        return [
            f"{count} jobs today had {what} in their instructions: none of them can be answered from the cache;"
            " [cache] leave_out names what the key leaves out"
            for kind, what in (("clock", "a clock"), ("id", "a request id"))
            if (count := seen.get(f"key.{kind}_in_instructions", 0))
        ]

    @once
    def secret(self) -> bytes:
        """The key of the scopes' HMAC: from the settings, else one made once and kept in the cache's Redis."""
        if self.settings.secret:
            return self.settings.secret.encode()
        if time.monotonic() < self._away_until:
            raise StoreUnavailable("cache", "it was away a moment ago")
        try:
            self.cache_redis.set(keys.SECRET, secrets.token_hex(32), nx=True)
            kept = self.cache_redis.get(keys.SECRET)
        except ERRORS as error:
            self._away_until = time.monotonic() + AWAY_S
            raise StoreUnavailable("cache", type(error).__name__) from error
        if not isinstance(kept, bytes):
            raise StoreUnavailable("cache", "it does not keep the scopes' key; set FARTHING_SECRET")
        return kept
