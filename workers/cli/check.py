"""One thing that the doctor looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``state`` is ok, warning or broken; ``mend`` is what to do, empty when ok."""

    name: str
    state: str
    says: str
    mend: str = ""

    def encode(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)
