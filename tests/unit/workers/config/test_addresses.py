"""Addresses of one Redis and of one that Sentinels watch over."""

from __future__ import annotations

import pytest

from workers.config import addresses
from workers.config.addresses import Sentinels

THREE = "sentinel://app:p%40ss@s1:26379,s2,s3:26381/2?master=jobs&sentinel_password=w"
SAFE = "rediss+cluster://app:p%40ss@n1,n2:7001/0?ssl_ca_certs=/etc/ca.pem&other=1"


def test_a_clusters_address_names_some_of_its_nodes() -> None:
    found = addresses.nodes(SAFE)
    assert found is not None
    assert found.hosts == (("n1", 6379), ("n2", 7001))
    assert found.login == {"username": "app", "password": "p@ss", "ssl": True, "ssl_ca_certs": "/etc/ca.pem"}
    assert "p@ss" not in repr(found)
    assert addresses.nodes(THREE) is None
    assert addresses.is_cluster(SAFE)
    assert not addresses.is_cluster(THREE)


def test_a_sentinel_address_says_who_knows_the_master() -> None:
    found = addresses.sentinels(THREE)
    assert found == Sentinels((("s1", 26379), ("s2", 26379), ("s3", 26381)), "jobs", 2, "app", "p@ss", "w")
    assert "p@ss" not in repr(found)
    assert "w" not in repr(found).partition("db=")[2].replace("sentinel_password", "")


def test_celery_has_it_in_its_own_words() -> None:
    url, options = addresses.for_celery(THREE)
    assert url.split(";")[1] == "sentinel://app:p%40ss@s2:26379/2"
    assert options == {"master_name": "jobs", "sentinel_kwargs": {"password": "w"}}
    assert addresses.for_celery("redis://h/0") == ("redis://h/0", {})
    assert addresses.for_celery("sentinel://h/0?master=m")[0] == "sentinel://h:26379/0"


@pytest.mark.parametrize(
    "url",
    [
        *("redis://h:1/0", "rediss://:p@h/0", "unix:///run/redis", "sentinel://h?master=m", THREE),
        *("redis+cluster://h", "redis+cluster://h:7000,i:7001/0", SAFE),
    ],
)
def test_what_is_an_address(url: str) -> None:
    assert addresses.is_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://h",
        "redis://",
        "redis://h:0",
        "sentinel://h",
        "sentinel:///0?master=m",
        "sentinel://h:x?master=m",
        "sentinel://h/x?master=m",
        "redis+cluster://",
        "redis+cluster://h/1",
        "redis+cluster://h:x",
        "redis+cluster://h:0",
    ],
)
def test_what_is_none(url: str) -> None:
    assert not addresses.is_address(url)
