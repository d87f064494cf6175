"""What the configuration says of a provider: where it is and how it is reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One OpenAI-compatible endpoint. ``base_url`` None is OpenAI's own; ``price_provider`` names its price list."""

    name: str
    base_url: str | None
    api_key: str
    price_provider: str

    def __repr__(self) -> str:
        return f"ProviderConfig(name={self.name!r}, base_url={self.base_url!r})"
