"""What a worker asks of the C library: its threads share two heaps."""

from __future__ import annotations

import platform
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = """
import ctypes, sys, threading
from workers.fleet import lifecycle
if sys.argv[2] == "shared":
    lifecycle._share_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.fopen.restype, libc.fopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]
libc.malloc_info.argtypes, libc.fclose.argtypes = [ctypes.c_int, ctypes.c_void_p], [ctypes.c_void_p]
together = threading.Barrier(8)
def take():
    together.wait()
    for _ in range(200):
        libc.malloc(10_000)
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
out = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, out)
libc.fclose(out)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such word")
def test_threads_take_from_two_heaps(tmp_path: Path) -> None:
    heaps = {}
    for how in ("shared", "as it is"):
        path = tmp_path / how
        subprocess.run([sys.executable, "-c", COUNTS, str(path), how], check=True, timeout=60)
        heaps[how] = path.read_text(encoding="utf-8").count("<heap nr=")
    assert heaps["shared"] <= 2 < heaps["as it is"]
