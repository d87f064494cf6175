"""Every Redis key of ours, in one table.

| key | type | holds | goes when |
| --- | --- | --- | --- |
| farthing:{scope}:entry:<id> | hash | one answer | it expires (absolute; a hit never renews it) |
| farthing:{scope}:asks:<id> | hash | exact keys of the entry's phrasings: of few, Redis packs a hash closer than a set | with the last of them |
| farthing:{scope}:phrasing:<exact key> | hash | a question, its entry, its vector, what it was answered | a day on |
| farthing:{scope}:near:<digit> | hash | of near-exact keys that begin so, the rest of the exact key of the latest phrasing | with the last phrasing |
| farthing:{scope}:apart:<user's mark> | set | exact keys and entries that a user said are wrong | a month on |
| farthing:{scope}:merged:<id> | string | the entry that this one became part of | with the last phrasing |
| farthing:{scope}:trust:<generation> | hash | evidence about entries and phrasings (see clustering.py) | four days after its last change |
| farthing:{scope}:compared:<generation> | set | pairs of phrasings whose answers were compared | four days after its last change |
| farthing:{scope}:asked:<day>:<digit> | hash | of exact keys that begin so, how often they were asked | after two days |
| farthing:{scope}:verdict:<exact key> | string | JSON [entry, probability] that the judge let pass | with the entry |
| farthing:{scope}:cannot:<exact key> | set | phrasings that people said mean something else | never |
| farthing:{scope}:users:<exact key> | set | marks of the users who asked what this phrasing answers | a month on |
| farthing:{scope}:entries, :phrasings | zset | ids by expiry | with their last member |
| farthing:{scope}:log | stream | changes that replicas follow | with the last phrasing |
| farthing:{scope}:vectors | vector set | exact keys, vectors: what outgrew the workers | with the last phrasing |
| farthing:{scope}:vectors:state | string | `building` or `ready` | likewise; a build that died, after an hour |
| farthing:{scope}:seq | integer | number of the log's last change | with the log |
| farthing:tenants | zset | tenants by last write | swept when empty |
| farthing:tenant:{tenant}:scopes | zset | scopes of a tenant by expiry | with the last scope |
| farthing:tenant:{tenant}:source:<id> | set | JSON [scope, entry] of answers that rest on a document | with the last |
| farthing:secret | string | the scopes' HMAC key, when none is configured | never |
| farthing:ledger:{tenant}:<day> | hash | counters | after 400 days |
| farthing:ledger:{tenant}:<day>:jobs | set | 12 bytes of SHA-256 of each counted job's id | after two days |
| farthing:ledger:tenants | set | tenants that the ledger knows | after 400 days without a job |
| farthing:risk:{tenant}:<category> | hash | counts, and the boundary learned | 30 days without a request |
| farthing:risk:{tenant}:<category>:lessons, :recent | list | what misses and audits taught; probabilities of recent requests; newest last | likewise |
| farthing:risk:known | set | JSON [tenant, category] of those that have a boundary | likewise, the last of them |
| farthing:held:{tenant} | hash | calls under way of a tenant with a budget: billionths of a dollar that are set aside, until when | a day after the last |
| farthing:outcomes:{tenant} | list | questions that both tiers answered: vector and surface, no text, and whether economy's answer was worse; newest first | three months after the last |
| farthing:thread:{tenant}:<digest> | string | JSON: how a conversation that begins so was sent, when, to whom | an hour on |
| farthing:turn:{tenant}:<digest> | string | vector of a turn of a conversation, as phrasings have it | an hour on |
| farthing:summary:{tenant}:<digest>, :made | string | JSON: the summary of a conversation that begins so; somebody makes it, or tried | a day on |
| farthing:escalations:{tenant} | hash | for each check of an answer, how often premium was asked, and did better | a month after the first |
| farthing:review:{tenant} | zset | entries that users called wrong, by the last who did | a month on |
| farthing:review:{tenant}:<entry> | hash | what was asked and answered, and each user's voice | a month on |
| farthing:served:<entry> | list | latest jobs that an entry answered, newest first | a week after the last |
| farthing:{batches} | hash | jobs that wait for a provider's Batch API: JSON (see batches.py) | answered, or asked at once |
| farthing:{batches}:job:<name> | string | JSON: such a job's request, and the message that sends it on its way | an hour after its deadline |
| farthing:{batches}:answer:<name> | string | JSON: what its batch answered | it is handed over, or an hour after its deadline |
| farthing:{batches}:latest, :tended | string | seconds since the epoch when they were last tended; who tends them | ten minutes on |
| farthing:events:<day> | hash | counts of events | after 30 days |
| farthing:{jobs:<digit>}:<day> | hash | of ids whose SHA-256 begins so, the fingerprint of the job that an id belongs to, and where its answer lies | a week after that day |
| farthing:paid:<id> | string | whose call is under way, or was paid for, and its answer | ten minutes after the deadline |
| farthing:swept | string | seconds since the epoch of the latest sweep: beat lives | ten minutes on |
| farthing:calls:<provider> | zset | calls under way, by when they end at the latest | with the last of them |
| farthing:rate:<limit> | string | what was asked of a provider in this minute and the last | two minutes on |
| farthing:health | hash | providers that failed: how often in a row, how often left alone, until when | ten minutes after the last failure |
| farthing:trial:<provider> | string | one call of the fleet tries it | 5 s on |
| farthing:{flights}:flight:<flight> | string | the job that is answered for all who ask the same at the same time | its deadline |
| farthing:{flights}:parked:<flight> | string | that job waits for a batch | its deadline, or another leads |
| farthing:{flights}:waiting:<flight> | list | messages of those who wait for it | when it lands |
| farthing:flying:<scope> | hash | what each flight of a scope asks: question, vector | ten minutes after the last |
| farthing:{flights} | zset | flights by when they are given up | when they land |

A scope's keys share the hash tag {scope}, a tenant's ledger {tenant}, flights {flights}, as a flight is noted among all:
each script runs on one node of a cluster.
"""

from __future__ import annotations

SECRET = "farthing:secret"  # noqa: S105 - the key's name
TENANTS = "farthing:tenants"
RISKS = "farthing:risk:known"
LEDGER_TENANTS = "farthing:ledger:tenants"
FLIGHTS = "farthing:{flights}"
HEALTH = "farthing:health"
RATE = "farthing:rate"
SWEPT = "farthing:swept"
BATCHES = "farthing:{batches}"
BATCHES_TENDED = f"{BATCHES}:tended"
BATCHES_LATEST = f"{BATCHES}:latest"


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


def near(scope: str, key: str) -> str:
    """The phrasings that are near-exactly as a question of that exact key, and others."""
    return f"{scope_prefix(scope)}near:{key[:1]}"


def apart(scope: str, mark: str) -> str:
    """What a user said is wrong."""
    return f"{scope_prefix(scope)}apart:{mark}"


def review(tenant: str, entry_id: str) -> str:
    """Voices against one answer."""
    return f"{reviews(tenant)}:{entry_id}"


def reviews(tenant: str) -> str:
    """Answers that wait for an operator."""
    return f"farthing:review:{{{tenant}}}"


def asked(scope: str, key: str, day: str) -> str:
    """How often a question, and others, were asked on one day."""
    return f"{scope_prefix(scope)}asked:{day}:{key[:1]}"


def entries(scope: str) -> str:
    """Ids of the scope's entries by expiry."""
    return f"{scope_prefix(scope)}entries"


def phrasings(scope: str) -> str:
    """Exact keys of the scope's phrasings by expiry."""
    return f"{scope_prefix(scope)}phrasings"


def merged(scope: str, entry_id: str) -> str:
    """Where an entry's phrasings went."""
    return f"{scope_prefix(scope)}merged:{entry_id}"


def vectors(scope: str) -> str:
    """The scope's vector set, where it has one."""
    return f"{scope_prefix(scope)}vectors"


def vectors_state(scope: str) -> str:
    """How far the vector set is."""
    return f"{scope_prefix(scope)}vectors:state"


def verdict(scope: str, key: str) -> str:
    """What the judge let answer a question."""
    return f"{scope_prefix(scope)}verdict:{key}"


def cannot(scope: str, key: str) -> str:
    """Phrasings that a question must never be matched with."""
    return f"{scope_prefix(scope)}cannot:{key}"


def users(scope: str, key: str) -> str:
    """Who asked for what a phrasing's answer serves."""
    return f"{scope_prefix(scope)}users:{key}"


def trust(scope: str, generation: int) -> str:
    """Sums of evidence."""
    return f"{scope_prefix(scope)}trust:{generation}"


def compared(scope: str, generation: int) -> str:
    """Pairs of phrasings whose answers were compared."""
    return f"{scope_prefix(scope)}compared:{generation}"


def log(scope: str) -> str:
    """The scope's change log."""
    return f"{scope_prefix(scope)}log"


def seq(scope: str) -> str:
    """Number of the last change in the log."""
    return f"{scope_prefix(scope)}seq"


def scopes(tenant: str) -> str:
    """The tenant's scopes by expiry."""
    return f"farthing:tenant:{{{tenant}}}:scopes"


def source(tenant: str, source_id: str) -> str:
    """Entries whose answers rest on a document."""
    return f"farthing:tenant:{{{tenant}}}:source:{source_id}"


def ledger(tenant: str, day: str) -> str:
    """One tenant's counters of one day (ISO date, UTC)."""
    return f"farthing:ledger:{{{tenant}}}:{day}"


def counted(tenant: str, day: str) -> str:
    """Who was counted on one day."""
    return f"{ledger(tenant, day)}:jobs"


def held(tenant: str) -> str:
    """Money that is set aside for calls under way."""
    return f"farthing:held:{{{tenant}}}"


def outcomes(tenant: str) -> str:
    """What audits of economy's answers came to."""
    return f"farthing:outcomes:{{{tenant}}}"


def thread(tenant: str, digest: str) -> str:
    """How a conversation was sent."""
    return f"farthing:thread:{{{tenant}}}:{digest}"


def summary(tenant: str, digest: str) -> str:
    """The summary of a conversation's beginning."""
    return f"farthing:summary:{{{tenant}}}:{digest}"


def turn(tenant: str, digest: str) -> str:
    """A turn's vector."""
    return f"farthing:turn:{{{tenant}}}:{digest}"


def escalations(tenant: str) -> str:
    """What asking premium after economy came to."""
    return f"farthing:escalations:{{{tenant}}}"


def events(day: str) -> str:
    """Counts of events of one day."""
    return f"farthing:events:{day}"


def risk(tenant: str, category: str) -> str:
    """Counts and boundary of a tenant's category."""
    return f"farthing:risk:{{{tenant}}}:{category}"


def lessons(tenant: str, category: str) -> str:
    """What a tenant's category was taught."""
    return f"{risk(tenant, category)}:lessons"


def recent(tenant: str, category: str) -> str:
    """Probabilities of its recent requests."""
    return f"{risk(tenant, category)}:recent"


def jobs(digit: str, day: int) -> str:
    """Records of jobs for feedback, of a day since the epoch."""
    return f"farthing:{{jobs:{digit}}}:{day}"


def served(entry_id: str) -> str:
    """Jobs that an entry answered."""
    return f"farthing:served:{entry_id}"


def paid(job_id: str) -> str:
    """An answer already paid for."""
    return f"farthing:paid:{job_id}"


def batch(name: str, what: str) -> str:
    """What a job asks that waits for a batch (``job``), or what that answered (``answer``)."""
    return f"{BATCHES}:{what}:{name}"


def flight(name: str) -> str:
    """Who flies."""
    return f"{FLIGHTS}:flight:{name}"


def flight_parked(name: str) -> str:
    """Its leader waits for hours."""
    return f"{FLIGHTS}:parked:{name}"


def waiting(name: str) -> str:
    """Who waits for it."""
    return f"{FLIGHTS}:waiting:{name}"


def flying(scope: str) -> str:
    """What a scope's flights ask."""
    return f"farthing:flying:{scope}"


def calls(provider: str) -> str:
    """A provider's calls under way."""
    return f"farthing:calls:{provider}"


def trial(provider: str) -> str:
    """Who tries a provider again."""
    return f"farthing:trial:{provider}"
