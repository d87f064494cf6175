"""A long agreement written for these tests: forty clauses, and a question in other words about each."""

from __future__ import annotations

# (heading, what it says, a question that a reader of it can answer, what its answer must have seen)
CLAUSES: tuple[tuple[str, str, str, str], ...] = (
    ("Term", "This agreement runs for thirty-six months from the day of signature.", "For how long are we bound?", "thirty-six months"),
    ("Renewal", "Unless either side objects ninety days before the end, it continues year by year.", "When must I object so that it does not go on by itself?", "ninety days"),
    ("Monthly fee", "The customer pays 4,180 euros each month, in advance.", "What do we pay per month?", "4,180"),
    ("Late payment", "Overdue amounts bear interest of nine percent a year.", "What happens if we pay too late?", "nine percent"),
    ("Price changes", "The supplier may raise prices once a year, by no more than the consumer index plus one point.", "How much dearer may it get?", "consumer index"),
    ("Support hours", "The help desk answers on working days between seven and nineteen hours.", "When can somebody reach the help desk?", "seven and nineteen"),
    ("Response time", "A fault that stops work is taken up within forty minutes.", "How fast do they react to an outage?", "forty minutes"),
    ("Availability", "The service is reachable 99.82 percent of each quarter.", "Which uptime is promised?", "99.82"),
    ("Credits", "For each hour below that, two percent of the month's fee are refunded, up to a third.", "What refund do we get when the service was down?", "two percent"),
    ("Maintenance window", "Planned work happens on the second Sunday of a month, before dawn.", "On which day is planned maintenance?", "second Sunday"),
    ("Data location", "All records are kept in Ghent and in Tallinn, nowhere else.", "In which cities is our data stored?", "Ghent"),
    ("Backups", "Copies are made every six hours and kept for forty-five days.", "How often are backups taken?", "six hours"),
    ("Encryption", "Data at rest is protected with AES-256; keys are changed each spring.", "How is stored data protected?", "AES-256"),
    ("Subprocessors", "Only Linden Hosting and Arco Mail may process data on the supplier's behalf.", "Which third parties may touch our data?", "Arco Mail"),
    ("Audit", "The customer may inspect the premises once a year after giving notice of twenty days.", "May we visit and inspect, and how early must we announce it?", "twenty days"),
    ("Breach notice", "An incident with personal data is reported within thirty-one hours.", "How soon would we learn of a data leak?", "thirty-one hours"),
    ("Liability cap", "Liability is limited to the fees of eighteen months.", "Up to which amount are they liable?", "eighteen months"),
    ("Exclusions", "Nobody is liable for lost profit, except after gross negligence.", "Can we claim for profit that we lost?", "gross negligence"),
    ("Insurance", "The supplier carries cover of 6 million euros with Nordstern.", "With whom is the supplier insured?", "Nordstern"),
    ("Force majeure", "Flood, war and strikes of third parties free both sides from their duties while they last.", "What if there is a flood or a war?", "strikes of third parties"),
    ("Confidentiality", "Secrets stay secret for seven years after the end.", "How many years must we keep quiet afterwards?", "seven years"),
    ("Reference use", "The supplier may name the customer on its website only after written consent.", "May they put our logo on their website?", "written consent"),
    ("Licence", "The customer gets a right of use that is neither exclusive nor transferable, for 250 seats.", "How many seats does the licence cover?", "250 seats"),
    ("Extra seats", "Further seats cost 13 euros each and are billed from the day they are opened.", "What does one more seat cost?", "13 euros"),
    ("Source code", "The code is deposited with Escrow Utrecht and released on insolvency.", "What becomes of the source code if they go bankrupt?", "Escrow Utrecht"),
    ("Changes of scope", "Wishes beyond the specification are offered within ten working days.", "How long until we get an offer for an additional feature?", "ten working days"),
    ("Acceptance", "A delivery counts as accepted when no defect is reported for fifteen days.", "When is a delivery deemed accepted?", "fifteen days"),
    ("Warranty", "Defects are mended free of charge during fourteen months.", "How long is the warranty?", "fourteen months"),
    ("Training", "Two days of instruction on site are included; more cost 960 euros a day.", "What do extra training days cost?", "960"),
    ("Travel", "Journeys are charged by second class rail; nights up to 140 euros.", "Up to what price are hotel nights reimbursed?", "140 euros"),
    ("Staff", "The named project leader, Ines Quandt, is replaced only for grave reasons.", "Who leads the project on their side?", "Ines Quandt"),
    ("Non-solicitation", "Neither side hires the other's people for two years.", "May we hire one of their developers?", "two years"),
    ("Early termination", "Who ends the agreement without cause pays forty percent of what remains.", "What would it cost us to get out early?", "forty percent"),
    ("Termination for cause", "After three missed payments the supplier may end it at once.", "After how many missed payments can they terminate?", "three missed payments"),
    ("Handing over", "At the end all data is delivered as CSV and JSON within twelve days, then deleted.", "In what format do we get our data back at the end?", "CSV and JSON"),
    ("Disputes", "First there is mediation in Lucerne; then the courts of Bern decide.", "Where would a dispute be heard?", "Lucerne"),
    ("Governing law", "Swiss law holds, without its conflict rules.", "Which country's law applies?", "Swiss law"),
    ("Assignment", "Rights may be passed to companies of the same group without asking.", "Can they sell our contract to another company?", "same group"),
    ("Notices", "Declarations go by registered letter to Box 77, Chur.", "To which address must formal letters be sent?", "Box 77"),
    ("Order of documents", "If texts contradict each other, the annex on data goes before this one.", "What prevails when two texts contradict each other?", "annex on data"),
)  # fmt: skip
_FILLER = (
    "The parties have talked about this at length and understand it in the same way. "
    "Each of them keeps the records that it needs to show that it did what is said here, and shows them when asked. "
    "Where something is unclear, they look for what they would have agreed on if they had thought of it. "
    "Small delays that nobody could foresee change nothing about what is owed. "
    "What is said in other parts of this text is left as it is, unless it says so. "
    "Whoever acts for one side does so in writing, and is known to the other by name. "
)


def agreement(repeats: int = 3) -> str:
    """The whole text, of some 12,000 tokens."""
    return "\n\n".join(
        f"## {number}. {heading}\n\n{_FILLER * (repeats - 1)}\n{says} {_FILLER}"
        for number, (heading, says, _, _) in enumerate(CLAUSES, 1)
    )
