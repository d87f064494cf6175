"""Properties made once: what depends on a replaced one is made anew, and a slow one holds up no other."""

from __future__ import annotations

import threading

from workers.once import Makes, once

DEADLINE_S = 20.0


class Kitchen(Makes):
    """Three properties: soup is made of water, lunch of soup; bread of nothing."""

    @once
    def water(self) -> str:
        """Cold."""
        return "water"

    @once
    def soup(self) -> str:
        """Made of water."""
        return f"soup of {self.water}"

    @once
    def lunch(self) -> str:
        """Made of soup."""
        return f"lunch of {self.soup}"

    @once
    def bread(self) -> object:
        """Made of nothing else here."""
        return object()


def test_what_is_made_is_kept() -> None:
    kitchen = Kitchen({})
    assert kitchen.bread is kitchen.bread


def test_without_a_part_all_that_was_made_of_it_is_gone_and_the_rest_is_shared() -> None:
    kitchen = Kitchen({})
    bread = kitchen.bread
    assert kitchen.lunch == "lunch of soup of water"
    assert kitchen.without({"water"}) == {"bread": bread}
    assert Kitchen({**kitchen.without({"water"}), "water": "milk"}).lunch == "lunch of soup of milk"


def test_a_property_that_is_slow_to_make_holds_up_no_other() -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Kitchen):
        @once
        def stock(self) -> str:
            """Takes until it is told."""
            begun.set()
            assert go_on.wait(DEADLINE_S)
            return "stock"

    kitchen = Slow({})
    cook = threading.Thread(target=lambda: kitchen.stock)
    cook.start()
    assert begun.wait(DEADLINE_S)
    try:
        assert kitchen.lunch == "lunch of soup of water"
        assert "stock" not in kitchen.made
    finally:
        go_on.set()
        cook.join(DEADLINE_S)
    assert kitchen.made["stock"] == "stock"
