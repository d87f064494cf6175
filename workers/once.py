"""Properties that are made once per object, on first use, each under a lock of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Makes:
    """What has such properties. ``made``: values by name, also those that are given instead of being made."""

    def __init__(self, made: dict[str, Any]) -> None:
        self.made, self.uses = made, dict[str, set[str]]()
        self._lock, self._locks = threading.Lock(), dict[str, Any]()
        self._making = threading.local()

    def make(self, name: str, how: Callable[[Any], Any]) -> Any:
        """The value of a property; who needs one does not wait for another that is slow to make."""
        making: list[str] = self._making.__dict__.setdefault("names", [])
        if making:
            self.uses.setdefault(making[-1], set()).add(name)
        if name in self.made:
            return self.made[name]
        with self._lock:
            lock = self._locks.setdefault(name, threading.RLock())
        with lock:
            if name not in self.made:
                making.append(name)
                try:
                    self.made[name] = how(self)
                finally:
                    making.pop()
            return self.made[name]

    def without(self, names: set[str]) -> dict[str, Any]:
        """What is made by now, but for these and what was made of them."""
        gone, uses = set(names), dict(self.uses)  # another thread may be making something
        while more := {user for user, used in uses.items() if used & gone} - gone:
            gone |= more
        return {name: one for name, one in dict(self.made).items() if name not in gone}


class once(Generic[T]):  # noqa: N801 - reads as the decorator that it is
    """A property made once, also when two threads ask at the same time (models are loaded once)."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make, self._name, self.__doc__ = make, make.__name__, make.__doc__

    def __get__(self, instance: Makes, owner: type | None = None) -> T:
        return cast("T", instance.make(self._name, self._make))
