"""The tables of wording: quantities, prefixes, parties, labels, states, verbs that read and verbs that change."""

from __future__ import annotations

# fmt: off
# Each row is one quantity; questions that name different ones ask different things.
QUANTITIES: tuple[tuple[str, str], ...] = (
    ("only", r"only|solely|exclusively|nothing but"),
    ("too", r"too(?! (?:many|much|long|late|high|low|expensive|big|small|slow|few|hard|old|short))|also|as well|in addition"),
    ("one", r"one(?! (?:of|time|day|click|more|way|thing))|a single|single"),
    ("several", r"several|multiple|more than one|a few|many(?! (?:days|weeks|hours|minutes|times))|various"),
    ("all", r"all(?! (?:right|about|the time|over|day|of a sudden|set|good|in all))|every(?! (?:time|day|week|month|year|now))|entire|whole"),
    ("any", r"any(?:one|body|thing)?(?! (?:more|longer|other|idea|way|help|chance|reason))"),
    ("each", r"each(?! other)|per"),
    ("none", r"none|nothing|nobody|no one"),
    ("both", r"both"), ("either", r"either"), ("half", r"half"),
    ("at least", r"at least|no (?:less|fewer) than|or more"),
    ("minimum", r"minimum|the least"), ("maximum", r"max|maximum|limits?|the most"),
    ("at most", r"at most|no more than|up to|or less|or fewer"),
    ("more than", r"more than(?! one)|over(?=\s\S*\d)|above(?=\s\S*\d)"), ("less than", r"less than|fewer than|under(?=\s\S*\d)|below(?=\s\S*\d)"),
    ("always", r"always|every time"), ("sometimes", r"sometimes|occasionally|from time to time"), ("often", r"often|usually|mostly"), ("never", r"never"),
    ("once", r"once(?! (?:i|my|the|you|it|we))"), ("twice", r"twice|two times"), ("most", r"most of|majority|most(?= \w+s\b)"), ("some", r"some of|some(?= \w+s\b)"),
)
# Against none: "only" and bounds change a question that names no quantity.
STRONG_QUANTITIES = frozenset({"only", "at least", "at most", "maximum", "minimum", "more than", "less than", "none", "never", "both", "half", "twice"})

# Where capitals are the meaning: units, by each letter; and words that, all in capitals, are another word. (A PIN is a pin,
# and an ATM an atm: people write as they like.)
CASED_UNITS = frozenset(["mb", "kb", "gb", "tb", "pb", "mbps", "kbps", "gbps", "mw", "kw", "gw", "mv", "kv", "ma", "pa", "mpa", "ph"])
CASED_WORDS = frozenset(["us", "it", "who", "led", "ram", "rom", "sat", "act", "aim", "cat", "mac", "dos", "try", "top", "all", "mop", "aids", "gap", "ice", "bat", "art", "fit"])

PREFIXES = ("un", "in", "im", "ir", "il", "dis", "non", "de", "mis", "over", "under", "anti")

# Who may act: with one of them and a verb between, an order is a meaning.
PARTIES = frozenset(
    ["me", "you", "he", "she", "they", "him", "them", "bank", "shop", "store", "seller", "buyer", "merchant", "landlord", "tenant", "customer", "client", "company", "employer", "employee", "boss", "manager", "worker", "friend", "sender", "recipient", "payer", "payee", "driver", "passenger", "courier", "carrier", "doctor", "patient", "nurse", "husband", "wife", "partner", "parent", "parents", "child", "children", "son", "daughter", "mother", "father", "brother", "sister", "teacher", "student", "school", "owner", "renter", "lender", "borrower", "insurer", "insured", "agency", "agent", "host", "guest", "hotel", "airline", "airport", "police", "government", "court", "lawyer", "neighbour", "neighbor", "roommate", "flatmate", "supplier", "vendor", "contractor", "provider", "user", "users", "admin", "administrator", "member", "members", "team", "someone", "somebody", "person", "people", "man", "woman", "dog", "cat", "creditor", "debtor", "issuer", "holder", "beneficiary", "donor", "trustee", "executor", "heir", "witness", "judge", "plaintiff", "defendant"]
)

LABELS = (
    "type|option|model|version|plan|class|category|zone|level|gate|terminal|grade|size|group|line|tier|bus|vitamin|hepatitis"
    "|part|section|form|schedule|appendix|room|block|building|tower|platform|step|chapter|route|train|flight|bay|unit|lot|phase|stage|tariff|area|door|counter|window|desk|exit|entrance|lift|lane|seat|row|locker|pier|track|hall|wing|strain|kind|pool|court|field|ward|table|slot|port|module|team|division|league|volume|page|question|problem|exercise|box|shelf|camp|base|site|point|team"
)

# Participles that do not end in -ed, and the verb of each.
STEMS = {
    "frozen": "freez", "freeze": "freez", "freezing": "freez", "stolen": "steal", "lost": "los", "lose": "los", "losing": "los",
    "broken": "break", "sent": "send", "paid": "pay", "sold": "sell", "bought": "buy", "made": "mak", "given": "giv", "taken": "tak",
    "shut": "shut", "cut": "cut", "hidden": "hid", "written": "writ", "chosen": "choos", "left": "leav", "held": "hold", "withdrawn": "withdraw",
    "cancelled": "cancel", "canceled": "cancel", "cancelling": "cancel", "verified": "verify", "verifies": "verify", "applied": "apply",
    "denied": "deny", "copied": "copy", "modified": "modify",
}
STATES = frozenset(STEMS) - {"freeze", "freezing", "lose", "losing", "cancelling", "left"} | {"shut", "active", "inactive"}

# Verbs that look and verbs that change.
READS = frozenset(["see", "view", "check", "find", "show", "display", "look", "know", "read", "list", "track", "monitor", "inspect", "verify"])
CHANGES = frozenset(
    ["change", "update", "edit", "modify", "correct", "cancel", "delete", "remove", "replace", "move", "reset", "rename", "adjust", "alter", "switch", "increase", "decrease", "raise", "lower", "close", "deactivate", "disable", "enable", "activate", "add"]
)
# fmt: on
