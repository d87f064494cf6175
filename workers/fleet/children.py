"""Child processes that end with this process, however it ends."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# The watchdog leads the children's process group and waits on a pipe that only this process holds open. The pipe
# closes even when this process is killed; then the group gets SIGTERM, $1 seconds to obey, and SIGKILL, and the
# folder $2 goes. (PR_SET_PDEATHSIG fires when the *thread* that started a child ends, and only on Linux.)
_WATCHDOG = 'trap "" TERM; read -r _; kill -TERM 0; sleep "$1"; [ -z "$2" ] || rm -rf -- "$2"; kill -KILL 0'


class Children:
    """A process group of its own: a terminal's Ctrl-C does not reach it, so children are stopped in order.

    ``grace_s``: seconds between SIGTERM and SIGKILL when this process vanishes. ``removes``: folder to delete then.
    """

    def __init__(self, *, grace_s: int, removes: Path | None = None) -> None:
        self._running: list[subprocess.Popen[bytes]] = []
        self._watchdog = subprocess.Popen(  # noqa: S603 - a constant script
            ["/bin/sh", "-c", _WATCHDOG, "farthing-watchdog", str(grace_s), str(removes or "")],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(0.0)

    def start(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        environ: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        """Start one child whose output is added to ``log``; raises OSError when it cannot be started."""
        with log.open("ab") as out:
            child = subprocess.Popen(  # noqa: S603 - the commands are this package's own
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environ,
                pass_fds=pass_fds,
                process_group=self._watchdog.pid,
            )
        self._running.append(child)
        return child

    def stop(self, grace_s: float) -> None:
        """SIGTERM to all at once, SIGKILL to those that still run after ``grace_s``; no child is left."""
        for child in self._running:
            child.terminate()
        until = time.monotonic() + grace_s
        for child in self._running:
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, until - time.monotonic()))
            child.kill()
            child.wait()
        self._running.clear()
        self._watchdog.kill()
        self._watchdog.communicate()


def last_lines(log: Path, count: int = 5) -> str:
    """The last lines of a child's log, or a note that there are none."""
    with suppress(OSError):
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        if lines:
            return "\n".join(lines[-count:])
    return "(it wrote nothing)"
