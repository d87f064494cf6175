"""The operator's own router: the file of `farthing train routing` that FARTHING_ROUTER names."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.errors import ConfigurationInvalid
from pipelines.routing.router import SHIPPED, Router

SETTING = "FARTHING_ROUTER"


def load(path: str, setting: str = SETTING) -> Router:
    """The router in a file; the shipped one for an empty path. Raises ConfigurationInvalid."""
    if not path:
        return SHIPPED
    try:
        return Router.decode(json.loads(Path(path).expanduser().read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationInvalid([f"{setting}: cannot read {path}: {error.strerror}"]) from error
    except (ValueError, AttributeError) as error:
        said = f"{setting}: {path}: {error!s:.80}, expected a file of `farthing train routing`"
        raise ConfigurationInvalid([said]) from error
