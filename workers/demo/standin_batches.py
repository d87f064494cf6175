"""The stand-in's Batch API: files, batches and their answers, kept in memory; a batch is done when it is told to be."""

from __future__ import annotations

import itertools
import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

DONE_AFTER_S = 2.0  # a real one takes minutes to hours


@dataclass(slots=True)
class Batches:
    """``done_after_s`` from its making on a batch is done; ``loses`` says of a request whether no answer comes of it.

    ``speaks`` answers a chat request. ``refuses``: the status with which a new batch is refused.
    """

    speaks: Callable[[dict[str, Any]], dict[str, Any]]
    done_after_s: float = DONE_AFTER_S
    loses: Callable[[dict[str, Any]], bool] = lambda _: False
    refuses: int = 0
    files: dict[str, str] = field(default_factory=dict)
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def get(self, path: str) -> tuple[int, Any] | None:
        """Status and body (text of a file, JSON of anything else) of a GET; None where it is nothing of this."""
        if found := re.search(r"/files/([\w-]+)/content$", path):
            text = self.files.get(found[1])
            return (404, {"error": {"message": "no such file"}}) if text is None else (200, text)
        if found := re.search(r"/batches/([\w-]+)$", path):
            batch = self.made.get(found[1])
            return (404, {"error": {"message": "no such batch"}}) if batch is None else (200, self._looked_at(batch))
        if re.search(r"/batches(?:\?|$)", path):
            return 200, {"object": "list", "data": [*reversed(self.made.values())], "has_more": False}
        return None

    def upload(self, body: bytes) -> dict[str, Any]:
        """A file, as a form in parts holds it."""
        part = next(
            part for part in re.split(rb"--[^\r\n]+\r\n", body) if b"filename=" in part.partition(b"\r\n\r\n")[0]
        )
        name = f"file-{next(self._numbers)}"
        self.files[name] = part.partition(b"\r\n\r\n")[2].split(b"\r\n--")[0].decode().rstrip("\r\n")
        return {"id": name, "object": "file", "bytes": len(body), "created_at": 0, "filename": "x", "purpose": "batch"}

    def create(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """A batch of an uploaded file."""
        if self.refuses:
            return self.refuses, {"error": {"message": "as told"}}
        batch = {
            "id": f"batch-{next(self._numbers)}",
            "object": "batch",
            "status": "in_progress",
            "created_at": int(time.time()),
            **{name: asked[name] for name in ("input_file_id", "endpoint", "completion_window")},
            "metadata": asked.get("metadata"),
            "done_at": time.monotonic() + self.done_after_s,
        }
        self.made[str(batch["id"])] = batch
        return 200, batch

    def _looked_at(self, batch: dict[str, Any]) -> dict[str, Any]:
        if batch["status"] == "in_progress" and time.monotonic() >= batch["done_at"]:
            batch["status"] = "completed"
            lines = [json.loads(line) for line in self.files[batch["input_file_id"]].split("\n") if line.strip()]
            kept = [line for line in lines if not self.loses(line["body"])]
            batch["output_file_id"] = f"file-{next(self._numbers)}"
            self.files[batch["output_file_id"]] = "\n".join(json.dumps(self._answered(line)) for line in kept)
        return batch

    def _answered(self, line: dict[str, Any]) -> dict[str, Any]:
        response = {"status_code": 200, "request_id": "r", "body": self.speaks(line["body"])}
        return {"id": "r", "custom_id": line["custom_id"], "response": response, "error": None}
