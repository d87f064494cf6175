"""`farthing prices check`: by what prices the fleet counts, and which of them should be looked at."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from pipelines.answer import usd
from workers.cli.printing import as_json, print_json
from workers.cli.running import runtime_of_fleet


@click.group()
def prices() -> None:
    """What tokens cost, as this fleet counts it."""


SAYS = {
    "ok": "",
    "undated": "yours, without as_of: nobody knows how old it is",
    "old": "yours, read {age} days ago: look again",
    "differs": "yours; the bundled map has ${bundled}",
}


@prices.command()
@as_json
def check(as_json: bool) -> None:
    """Every model's price, where it is from, what should be looked at; 1 where one of yours is old or undated."""
    held = runtime_of_fleet()
    market = held.configuration.market(datetime.now(UTC))
    rows = []
    for offer in market.catalog.offers:
        listed = market.prices.listed(market.listed_as.get(offer.provider, offer.provider), offer.model, market.at)
        bundled = " / ".join(map(usd, listed.bundled)) if listed.bundled else None
        rows.append(
            {
                "provider": offer.provider,
                "model": offer.model,
                "tier": offer.tier,
                "input_usd_per_mtok": usd(listed.input_usd),
                "cached_input_usd_per_mtok": usd(listed.cached_usd),
                "output_usd_per_mtok": usd(listed.output_usd),
                "source": "overlay" if listed.own else "genai-prices",
                "state": listed.state,
                "says": SAYS[listed.state].format(age=listed.age_days, bundled=bundled),
            }
        )
    if as_json:
        print_json({"version": market.prices.version, "prices": rows})
    else:
        click.echo(f"dollars for a million tokens of input, cached input, output; {market.prices.version}")
        for row in rows:
            three = " / ".join(row[f"{name}_usd_per_mtok"] for name in ("input", "cached_input", "output"))
            mark = "       " if row["state"] == "ok" else f"{row['state']:<7}"
            click.echo(f"{mark}  {row['provider']}/{row['model']} ({row['tier']}): {three}  {row['says']}".rstrip())
    if any(row["state"] in ("old", "undated") for row in rows):
        raise SystemExit(1)
