"""`farthing up`: the whole fleet on this machine, on the embedded Redis unless a broker is configured."""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack

import click

from pipelines.errors import ConfigurationInvalid
from workers.cli.running import announced
from workers.config.settings import Settings
from workers.demo.standin import StandInProcess
from workers.fleet.embedded_redis import EmbeddedRedis
from workers.fleet.fleet import Fleet
from workers.fleet.signals import stoppable

POLL_S = 1.0


def serve(*, stand_in: bool) -> None:
    """Run until Ctrl-C or SIGTERM. A process that ends is started again; if it keeps ending, so does the fleet."""
    environ = dict(os.environ)
    settings = Settings.from_env(environ)
    if not (stand_in or settings.openai_api_key or settings.config_path):
        raise ConfigurationInvalid(
            ["OPENAI_API_KEY: not set, expected a key; or name a FARTHING_CONFIG; or try `farthing up --stand-in`"]
        )
    with ExitStack() as stack:
        stop = stack.enter_context(stoppable())
        if stand_in:
            environ["OPENAI_BASE_URL"] = stack.enter_context(StandInProcess()).url
            environ["OPENAI_API_KEY"] = "stand-in"
        if not environ.get("FARTHING_BROKER_URL"):
            redis = stack.enter_context(EmbeddedRedis(folder=settings.state / "redis"))
            environ["FARTHING_BROKER_URL"] = redis.url
        environ.setdefault("FARTHING_FLOWER_PASSWORD", secrets.token_urlsafe(12))
        settings = Settings.from_env(environ)
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
