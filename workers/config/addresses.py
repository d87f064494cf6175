"""Where a Redis is: one server by redis-py's own URLs, the one that Sentinels say is the master, or a Redis Cluster.

``sentinel://[user:password@]host[:port],host[:port],…/db?master=NAME[&sentinel_password=…]``; the password is the
master's, the port of a Sentinel 26379 unless it says another.

``redis+cluster://[user:password@]host[:port],host[:port],…``, or ``rediss+cluster://`` for TLS, with its files as
redis-py names them (``?ssl_ca_certs=…``): some of the nodes, which know the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

SENTINEL = "sentinel"
SENTINEL_PORT, NODE_PORT = 26379, 6379
CLUSTERS = ("redis+cluster", "rediss+cluster")
ONE_SERVER = ("redis", "rediss", "unix")


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Who knows where the master is. ``hosts`` are (host, port)."""

    hosts: tuple[tuple[str, int], ...]
    master: str
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    sentinel_password: str | None = field(default=None, repr=False)

    @property
    def sentinel_kwargs(self) -> dict[str, Any]:
        """How to speak to the Sentinels themselves."""
        return {} if self.sentinel_password is None else {"password": self.sentinel_password}

    @property
    def master_kwargs(self) -> dict[str, Any]:
        """How to speak to the master."""
        return {"db": self.db, "username": self.username, "password": self.password}


@dataclass(frozen=True, slots=True)
class Nodes:
    """Some nodes of a Redis Cluster: ``hosts`` are (host, port), ``login`` what else redis-py's client is told."""

    hosts: tuple[tuple[str, int], ...]
    login: dict[str, Any] = field(default_factory=dict, repr=False)


def nodes(url: str) -> Nodes | None:
    """What a ``redis+cluster://`` URL says; None for another scheme; raises ValueError where it names no host."""
    parts = urlsplit(url)
    if parts.scheme not in CLUSTERS:
        return None
    username, password, hosts = _where(parts.netloc, NODE_PORT)
    if not hosts or parts.path.strip("/") not in ("", "0"):
        raise ValueError("hosts, and no database but 0")
    tls = {"ssl": True, **{name: said[0] for name, said in parse_qs(parts.query).items() if name.startswith("ssl_")}}
    login = {"username": username, "password": password}
    return Nodes(hosts, login | (tls if parts.scheme == "rediss+cluster" else {}))


def sentinels(url: str) -> Sentinels | None:
    """What a ``sentinel://`` URL says; None for another scheme; raises ValueError where it says too little."""
    parts = urlsplit(url)
    if parts.scheme != SENTINEL:
        return None
    username, password, hosts = _where(parts.netloc, SENTINEL_PORT)
    said = parse_qs(parts.query)
    master = said.get("master", [""])[0]
    if not hosts or not master:
        raise ValueError("hosts and ?master=")
    return Sentinels(
        hosts=hosts,
        master=master,
        db=int(parts.path.strip("/") or 0),
        username=username,
        password=password,
        sentinel_password=said.get("sentinel_password", [None])[0],
    )


def is_cluster(url: str) -> bool:
    """Does it say that it is a Redis Cluster's?"""
    return url.partition("://")[0].lower() in CLUSTERS


def is_address(url: str) -> bool:
    """Is it an address of a Redis, of a kind that is known here?"""
    try:
        parts = urlsplit(url)
        if parts.scheme == SENTINEL:
            return sentinels(url) is not None
        if parts.scheme in CLUSTERS:
            return nodes(url) is not None
        return parts.scheme in ONE_SERVER and bool(parts.hostname or parts.path) and parts.port != 0
    except ValueError:
        return False


def for_celery(url: str) -> tuple[str, dict[str, Any]]:
    """The address as Celery has it, for broker and result backend, and the transport options that belong to it."""
    found = sentinels(url)
    if found is None:
        return url, {}
    login = f"{quote(found.username or '', safe='')}:{quote(found.password or '', safe='')}@"
    login = "" if login == ":@" else login
    each = ";".join(f"{SENTINEL}://{login}{host}:{port}/{found.db}" for host, port in found.hosts)
    return each, {"master_name": found.master, "sentinel_kwargs": found.sentinel_kwargs}


def _where(netloc: str, port: int) -> tuple[str | None, str | None, tuple[tuple[str, int], ...]]:
    """User name, password and hosts of what stands between ``//`` and the path."""
    login, _, where = netloc.rpartition("@")
    username, _, password = login.partition(":")
    hosts = tuple(_host(one, port) for one in where.split(",") if one)
    return unquote(username) or None, unquote(password) or None, hosts


def _host(one: str, port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{one}")
    if not parts.hostname or parts.port == 0:
        raise ValueError("a host")
    return parts.hostname, parts.port or port
