"""The broker's lists, and what workers keep beside them, in one table; scripts make the names of lanes themselves.

| key | type | holds | goes when |
| --- | --- | --- | --- |
| farthing:hand:<worker> | hash | messages that a worker took and did not acknowledge | put back 5 s after its last beat |
| farthing:beats | hash | how often each worker has beaten | likewise |
| farthing:workers | hash | JSON of what each worker is: queues, version, since when | with its beats |
| farthing:armed:<lists>, farthing:idle:<lists> | zset | workers that wait for these lists, by when they last looked | 3 s on |
| farthing:wake:<worker> | string | somebody wakes it | at once |
| <queue>, <queue>\\x06\\x16<3, 6, 9> | list | what waits for a queue, by priority, as kombu has it | taken |
| <queue>\\x06\\x16<10 to 73> | list | its lanes: what waits of one tenant, where more waits than is taken | taken |
| farthing:lanes:<queue> | hash | which lane is which tenant's | when it is empty |
| farthing:turns:<list> | zset | lanes of a list, by how often each had its turn | likewise |
| farthing:taken | hash | how many messages of each queue were ever taken | never |
| farthing:suspects:<queue>, farthing:alone:<queue> | list | messages whose worker died: once, more often | taken like others |
| farthing:later | zset | messages that wait for their time, by when it comes | taken |
| farthing:later:messages | hash | the messages themselves | likewise |
| farthing:dead | list | JSON of messages that were put aside, newest last | a week after the last; of more than 1000, the oldest |

The broker is one Redis, or one that Sentinels watch over: no cluster.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

BEATS = "farthing:beats"
WORKERS = "farthing:workers"
HANDS = "farthing:hand:"
DEAD = "farthing:dead"
LATER = "farthing:later"
LATER_LOOKED_AT = 2_000  # of their names, to say whose they are
LATER_MESSAGES = "farthing:later:messages"
PRIORITY = "\x06\x16"  # kombu's, between a queue's name and a priority other than 0
STEPS = (0, 3, 6, 9)  # kombu's priorities, the most urgent first
LANES = tuple(range(10, 74))  # as in lanes.lua
TAKEN = "farthing:taken"
_SUSPECTS, _ALONE = "farthing:suspects:", "farthing:alone:"


def waiting_in(queue: str, step: int = 0) -> str:
    """The list of what waits for a queue, of one priority or in one lane."""
    return f"{queue}{PRIORITY}{step}" if step else queue


def lanes(queue: str) -> str:
    """Whose lane is which."""
    return f"farthing:lanes:{queue}"


def all_of(queue: str) -> list[str]:
    """All lists of what waits for a queue: of each priority, and its lanes."""
    return [waiting_in(queue, step) for step in (*STEPS, *LANES)]


def hand(worker: str) -> str:
    """What a worker has taken and not acknowledged."""
    return f"{HANDS}{worker}"


def armed(lists: str) -> str:
    """Workers that these lists wake."""
    return f"farthing:armed:{lists}"


def idle(lists: str) -> str:
    """Workers that wait for these lists, and that another worker wakes."""
    return f"farthing:idle:{lists}"


def wake(worker: str) -> str:
    """Set to wake a worker."""
    return f"farthing:wake:{worker}"


def suspects(queue: str) -> str:
    """Messages of a queue that were in a dead worker's hand."""
    return f"{_SUSPECTS}{queue}"


def alone(queue: str) -> str:
    """Messages of a queue that were so more than once: each is taken alone."""
    return f"{_ALONE}{queue}"


def is_suspect(name: str) -> bool:
    """Is it a list of messages whose worker died?"""
    return name.startswith((_SUSPECTS, _ALONE))


def queue_of_list(name: str) -> str:
    """The queue that a list is of."""
    return name.removeprefix(_SUSPECTS).removeprefix(_ALONE).partition(PRIORITY)[0]


def put_off(worker: str, tenant: str, field: str) -> str:
    """The name of a message that waits for its time: it ends in its list, and says whose it is."""
    return f"{worker}|{quote(tenant, safe='')}|{field}"


def of_put_off(name: str) -> tuple[str, str]:
    """The tenant and the queue of a message that waits for its time, by its name."""
    parts = name.split("|")
    return unquote(parts[1]) if len(parts) > 3 else "", queue_of_list(parts[-1])
