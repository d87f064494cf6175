"""The fleet on a Redis that speaks TLS alone, by `rediss://`, with a certificate that it checks."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import redis

from pipelines.errors import StoreUnavailable
from tests.acceptance.up import fleet_environ
from tests.waiting import until
from workers.client import Farthing
from workers.demo.standin import StandIn
from workers.fleet.embedded_redis import find_server, free_port
from workers.fleet.fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]
PASSWORD = "a-password"


def certificate(folder: Path) -> None:
    """One that signed itself, for this machine."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here, which makes the certificate")
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    made += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([openssl, *made], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    certificate(tmp_path)
    port = free_port()
    said = [f"tls-port {port}", "port 0", "bind 127.0.0.1", f"requirepass {PASSWORD}", 'save ""', f"dir {tmp_path}"]
    said += [f"tls-{what}-file {tmp_path}/{name}.pem" for what, name in (("cert", "cert"), ("key", "key"))]
    said += [f"tls-ca-cert-file {tmp_path}/cert.pem", "tls-auth-clients no"]
    (tmp_path / "redis.conf").write_text("\n".join(said) + "\n")
    with (tmp_path / "redis.log").open("wb") as log:
        server = subprocess.Popen([find_server(), str(tmp_path / "redis.conf")], stdout=log, stderr=log)
    found = f"rediss://:{PASSWORD}@localhost:{port}/0?ssl_cert_reqs=required&ssl_ca_certs={tmp_path}/cert.pem"

    def answers() -> bool:
        if server.poll() is not None:
            pytest.skip("this redis-server was built without TLS")
        with redis.Redis.from_url(found) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

    try:
        until(answers)
        yield found
    finally:
        server.kill()
        server.wait()


def test_the_whole_journey_goes_over_tls(url: str, tmp_path: Path) -> None:
    with StandIn(speed=0.0) as model:
        environ = fleet_environ(url, tmp_path, model.url)
        with Fleet(environ, folder=tmp_path / "logs"), Farthing(url, environ={}) as client:
            answer = client.ask("Do you sell lamps?", timeout_s=60)
            assert answer.source == "model"
            until(lambda: client.ask("Do you sell lamps?", timeout_s=60).source == "exact")
            assert client.feedback(answer.job_id, rating="right", wait_s=30.0)["known"]


def test_a_certificate_that_nobody_vouches_for_is_refused(url: str) -> None:
    unknown = url.partition("&ssl_ca_certs")[0]
    with Farthing(unknown, environ={}) as client, pytest.raises(StoreUnavailable, match="broker"):
        client.submit("Do you sell lamps?")
