"""Every Redis key of ours, in one table.

| key | type | holds | goes when |
| --- | --- | --- | --- |
| farthing:{scope}:entry:<id> | hash | one answer | it expires (absolute; a hit never renews it) |
| farthing:{scope}:asks:<id> | set | exact keys of the entry's phrasings | with the entry |
| farthing:{scope}:phrasing:<exact key> | hash | a question, its entry, its vector (float16) | with the entry |
| farthing:{scope}:asked:<exact key> | integer | how often a question was asked | a day after the first time |
| farthing:{scope}:entries, :phrasings | zset | ids by expiry | with their last member |
| farthing:{scope}:log | stream | changes that replicas follow | with the last phrasing |
| farthing:{scope}:seq | integer | number of the log's last change | with the log |
| farthing:tenants | zset | tenants by last write | swept when empty |
| farthing:tenant:{tenant}:scopes | zset | scopes of a tenant by expiry | with the last scope |
| farthing:secret | string | the scopes' HMAC key, when none is configured | never |
| farthing:ledger:{tenant}:<day> | hash | counters | after 400 days |
| farthing:ledger:{tenant}:job:<id> | string | marks a counted job | after a week |
| farthing:ledger:tenants | set | tenants that the ledger knows | after 400 days without a job |
| farthing:events:<day> | hash | counts of events | after 30 days |
| farthing:job:<id> | string | where a job's answer lies, for feedback | after a week |
| farthing:paid:<id> | string | an answer paid for | after two visibility timeouts |

A scope's keys share the hash tag {scope}, a tenant's ledger {tenant}: each script runs on one node of a cluster.
"""

from __future__ import annotations

SECRET = "farthing:secret"  # noqa: S105 - the key's name
TENANTS = "farthing:tenants"
LEDGER_TENANTS = "farthing:ledger:tenants"


def scope_prefix(scope: str) -> str:
    """What all keys of a scope begin with."""
    return f"farthing:{{{scope}}}:"


def entry(scope: str, entry_id: str) -> str:
    """One answer."""
    return f"{scope_prefix(scope)}entry:{entry_id}"


def asks(scope: str, entry_id: str) -> str:
    """The exact keys of an entry's phrasings."""
    return f"{scope_prefix(scope)}asks:{entry_id}"


def phrasing(scope: str, key: str) -> str:
    """One question that an entry answers."""
    return f"{scope_prefix(scope)}phrasing:{key}"


def asked(scope: str, key: str) -> str:
    """How often a question was asked."""
    return f"{scope_prefix(scope)}asked:{key}"


def entries(scope: str) -> str:
    """Ids of the scope's entries by expiry."""
    return f"{scope_prefix(scope)}entries"


def phrasings(scope: str) -> str:
    """Exact keys of the scope's phrasings by expiry."""
    return f"{scope_prefix(scope)}phrasings"


def log(scope: str) -> str:
    """The scope's change log."""
    return f"{scope_prefix(scope)}log"


def seq(scope: str) -> str:
    """Number of the last change in the log."""
    return f"{scope_prefix(scope)}seq"


def scopes(tenant: str) -> str:
    """The tenant's scopes by expiry."""
    return f"farthing:tenant:{{{tenant}}}:scopes"


def ledger(tenant: str, day: str) -> str:
    """One tenant's counters of one day (ISO date, UTC)."""
    return f"farthing:ledger:{{{tenant}}}:{day}"


def counted(tenant: str, job_id: str) -> str:
    """Marks a job as counted."""
    return f"farthing:ledger:{{{tenant}}}:job:{job_id}"


def events(day: str) -> str:
    """Counts of events of one day."""
    return f"farthing:events:{day}"


def job(job_id: str) -> str:
    """A job's record for feedback."""
    return f"farthing:job:{job_id}"


def paid(job_id: str) -> str:
    """An answer already paid for."""
    return f"farthing:paid:{job_id}"
