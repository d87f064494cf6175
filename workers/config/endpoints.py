"""What the configuration says of a provider: where it is and how it is reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One OpenAI-compatible endpoint. ``base_url`` None is OpenAI's own; ``price_provider`` names its price list.

    Limits are of the whole fleet; None: as much as the provider takes.
    """

    name: str
    base_url: str | None
    api_key: str
    price_provider: str
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None

    @property
    def limited(self) -> bool:
        """Has it a limit of any kind?"""
        return (self.requests_per_minute, self.tokens_per_minute, self.concurrency) != (None, None, None)

    def __repr__(self) -> str:
        return f"ProviderConfig(name={self.name!r}, base_url={self.base_url!r})"
