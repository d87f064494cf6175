"""`make bench`: every benchmark, or those named; figures as a table, or as JSON with --json."""

from __future__ import annotations

import argparse
import importlib
import json
from typing import Any

BENCHES = (
    "fleet",
    "decision",
    "encoding",
    "search",
    "visible",
    "beside_gptcache",
    "noise",
    "isolation",
    "tokens",
    "tiers",
)
LONG = ("constants",)  # a quarter of an hour: when it is named


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*BENCHES, *LONG, []], help="which; all but the long ones without it"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    found = {name: importlib.import_module(f"tests.benchmarks.{name}").run() for name in given.names or BENCHES}
    if given.json:
        print(json.dumps(found, indent=2))
    else:
        for name, figures in found.items():
            print(f"== {name}")
            _print(figures, "  ")


def _print(figures: dict[str, Any], indent: str) -> None:
    for name, value in figures.items():
        if isinstance(value, dict) and set(value) == {"median", "least", "most"}:
            print(f"{indent}{name:<44} {value['median']:>9.2f}   [{value['least']:.2f} .. {value['most']:.2f}]")
        elif isinstance(value, dict):
            print(f"{indent}{name}")
            _print(value, indent + "  ")
        else:
            print(f"{indent}{name:<44} {value:>9}")


if __name__ == "__main__":
    main()
