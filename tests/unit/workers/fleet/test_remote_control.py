"""What workers do at the word of whoever reaches the broker."""

from __future__ import annotations

import subprocess
import sys

import pytest

SEEN = """
from celery.worker.control import Panel
from workers.config.settings import Settings
from workers.fleet import remote_control
remote_control.restrict(Settings.from_env({"FARTHING_REMOTE_CONTROL": "%s"}))
print(*sorted(Panel.data))
"""


@pytest.mark.parametrize(("setting", "obeyed"), [("cancel", False), ("all", True)])
def test_no_sender_stops_a_worker_unless_the_operator_wants_that(setting: str, obeyed: bool) -> None:
    known = subprocess.run(
        [sys.executable, "-c", SEEN % setting], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert {"revoke", "ping", "active", "stats", "active_queues"} <= set(known)
    for command in ("shutdown", "cancel_consumer", "rate_limit", "pool_shrink", "terminate", "memdump"):
        assert (command in known) is obeyed
