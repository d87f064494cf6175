"""`farthing up`: the whole fleet on this machine, on the embedded Redis unless a broker is configured."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import ExitStack

import click

from pipelines.errors import ConfigurationInvalid, FleetFailed
from workers.cli.running import announced, running_fleet
from workers.config import configuration
from workers.config.settings import Settings
from workers.demo.standin import StandInProcess
from workers.fleet.embedded_redis import EmbeddedRedis
from workers.fleet.fleet import Fleet
from workers.fleet.signals import stoppable

POLL_S = 1.0


def _check_port(port: int) -> None:
    """Raises ConfigurationInvalid where something else listens on Flower's port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise ConfigurationInvalid(
                [f"FARTHING_FLOWER_PORT: {port} is taken, expected a free port on loopback, or 0 for any"]
            ) from None


def serve(*, stand_in: bool) -> None:
    """Run until Ctrl-C or SIGTERM. A process that ends is started again; if it keeps ending, so does the fleet."""
    environ = dict(os.environ)
    settings = Settings.from_env(environ)
    if not (stand_in or settings.openai_api_key or settings.config_path):
        raise ConfigurationInvalid(
            ["OPENAI_API_KEY: not set, expected a key; or name a FARTHING_CONFIG; or try `farthing up --stand-in`"]
        )
    already = running_fleet(settings)
    if already is not None:
        raise FleetFailed(
            "farthing up",
            f"runs here already, as process {already}: stop it, or give this one a FARTHING_STATE_DIR of its own",
        )
    with ExitStack() as stack:
        stop = stack.enter_context(stoppable())
        if stand_in:
            environ["OPENAI_BASE_URL"] = stack.enter_context(StandInProcess()).url
            environ["OPENAI_API_KEY"] = "stand-in"
        if not environ.get("FARTHING_BROKER_URL"):
            click.echo("starting Redis")
            redis = stack.enter_context(EmbeddedRedis(folder=settings.state / "redis"))
            environ["FARTHING_BROKER_URL"] = redis.url
        environ.setdefault("FARTHING_FLOWER_PASSWORD", secrets.token_urlsafe(12))
        settings = Settings.from_env(environ)
        configuration.load(settings, environ)  # a fault is said now, not by eight logs
        _check_port(settings.flower_port)
        click.echo(
            "starting a worker process per queue, beat and Flower (the first start exports the encoder: a minute)"
        )
        fleet = stack.enter_context(Fleet(environ, folder=settings.state / "logs", flower_port=settings.flower_port))
        shared = ("FARTHING_", "OPENAI_" if stand_in else "OPENAI_BASE_URL")  # a real key stays in its environment
        farthings = {name: value for name, value in environ.items() if name.startswith(shared)}
        stack.enter_context(announced(settings, farthings))
        click.echo("the fleet is up: one worker process per queue")
        click.echo(f"  Flower  {fleet.flower_url}  login {settings.flower_user} / {settings.flower_password}")
        click.echo(f"  logs    {settings.state / 'logs'}")
        click.echo('  ask     farthing ask "How do I reset my password?"   (in another terminal)')
        click.echo("  stop    Ctrl-C")
        while not stop.wait(POLL_S):
            for said in fleet.mend():
                click.echo(said, err=True)
        click.echo("stopping: running jobs finish first")
