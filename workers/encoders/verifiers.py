"""The operator's own verifier: the weights that FARTHING_VERIFIER names, in place of the shipped ones of their kind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cache import verifier
from pipelines.errors import ConfigurationInvalid, EncoderUnavailable

if TYPE_CHECKING:
    from pipelines.vectors.encoder import Encoder

SETTING = "FARTHING_VERIFIER"


@dataclass(frozen=True, slots=True)
class Verifiers:
    """The weights of each kind of encoder; ``own`` are the operator's, if any."""

    own: verifier.Weights | None = None

    def __call__(self, kind: str) -> verifier.Weights:
        """The weights that know what cosines of this kind mean."""
        return self.own if self.own is not None and self.own.kind == kind else verifier.shipped(kind)

    def check(self, encoder: Encoder) -> None:
        """Raises EncoderUnavailable where the operator's weights were learned from another encoder's cosines."""
        own = self.own
        if own is not None and own.kind == encoder.kind and own.encoder not in ("", encoder.fingerprint):
            said = f"{SETTING} was trained for {own.encoder}: train it for this encoder, or unset it"
            raise EncoderUnavailable(encoder.fingerprint, said)


def load(path: str, setting: str = SETTING) -> Verifiers:
    """The weights in a file of `farthing train verify`; none for an empty path. Raises ConfigurationInvalid."""
    if not path:
        return Verifiers()
    try:
        return Verifiers(verifier.Weights.decode(json.loads(Path(path).expanduser().read_text(encoding="utf-8"))))
    except OSError as error:
        raise ConfigurationInvalid([f"{setting}: cannot read {path}: {error.strerror}"]) from error
    except (KeyError, TypeError, ValueError) as error:
        said = f"{setting}: {path}: {error!s:.80}, expected a file of `farthing train verify`"
        raise ConfigurationInvalid([said]) from error
