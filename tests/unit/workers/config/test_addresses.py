"""Addresses of one Redis and of one that Sentinels watch over."""

from __future__ import annotations

import pytest

from workers.config import addresses
from workers.config.addresses import Sentinels

THREE = "sentinel://app:p%40ss@s1:26379,s2,s3:26381/2?master=jobs&sentinel_password=w"


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
    "url", ["redis://h:1/0", "rediss://:p@h/0", "unix:///run/redis", "sentinel://h?master=m", THREE]
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
    ],
)
def test_what_is_none(url: str) -> None:
    assert not addresses.is_address(url)
