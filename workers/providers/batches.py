"""A provider's Batch API, OpenAI's: requests go as a file, answers come as one, within a day, for less."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from workers.observability import counters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workers.providers.openai_client import Providers

PATH = "/v1/chat/completions"
WINDOW = "24h"  # the only one that there is
TIMEOUT_S = 120.0  # files are large
OVER = ("completed", "failed", "expired", "cancelled")
TOKEN = "farthing"  # noqa: S105 - the name under which a batch carries what it was made for
PAGE = 100
CLOCKS_APART_S = 600.0  # the provider's and ours


def send(providers: Providers, name: str, token: str, requests: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """Make a batch of (name, request); returns its id; raises ProviderFailed."""
    lines = (json.dumps({"custom_id": one, "method": "POST", "url": PATH, "body": body}) for one, body in requests)
    file = io.BytesIO("\n".join(lines).encode())
    with providers.speaking(name, TIMEOUT_S) as client:
        uploaded = client.files.create(file=("farthing.jsonl", file), purpose="batch")
        made = client.batches.create(
            input_file_id=uploaded.id, endpoint=PATH, completion_window=WINDOW, metadata={TOKEN: token}
        )
        return str(made.id)


def find(providers: Providers, name: str, token: str, since: float) -> str | None:
    """The id of the batch that was made with this token after ``since`` (seconds since the epoch), if one was; raises
    ProviderFailed.
    """
    with providers.speaking(name, TIMEOUT_S) as client:
        for batch in client.batches.list(limit=PAGE):  # the latest first, page after page
            if (batch.metadata or {}).get(TOKEN) == token:
                return str(batch.id)
            if batch.created_at < since - CLOCKS_APART_S:
                return None
    return None


def look(providers: Providers, name: str, batch: str) -> tuple[str, ...] | None:
    """The files of answers and errors of a batch that is over; None while it is under way; raises ProviderFailed."""
    with providers.speaking(name, TIMEOUT_S) as client:
        found = client.batches.retrieve(batch)
        if found.status not in OVER:
            return None
        return tuple(file for file in (found.output_file_id, found.error_file_id) if file)


def answers(providers: Providers, name: str, files: Iterable[str]) -> dict[str, dict[str, Any]]:
    """By the requests' names, the completions that came; who is missing has none. Raises ProviderFailed."""
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        with providers.speaking(name, TIMEOUT_S) as client:
            text = client.files.content(file).text
        for line in filter(str.strip, text.split("\n")):
            try:
                said = json.loads(line)
                response = said.get("response") or {}
                if response.get("status_code") == 200 and isinstance(response.get("body"), dict):
                    found[str(said["custom_id"])] = response["body"]
            except (ValueError, KeyError, AttributeError, TypeError):
                counters.count("batch.unreadable")  # whose line it is has none, and is asked at once
    return found
