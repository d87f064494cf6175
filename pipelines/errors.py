"""The error tree: every class is a sentence to the reader, its arguments are data on attributes.

FarthingError
├── JobInvalid               the job is malformed: which field, what it got, what it expected
├── JobIdReused              the id belongs to another job: another tenant's, or another question
├── JobUnknown               no job of this tenant has this id
├── JobRevoked               the job was revoked, or expired, before the model was asked
├── ConfigurationInvalid     settings or the TOML file: every fault at once
├── UnknownModel             a job or a route names a model that no provider offers
├── PriceUnknown             no price for this model: never $0
├── BudgetSpent              the tenant's budget has no room for this job
├── QueueFull                too many jobs wait: when to send it again
├── DeadlineExceeded         the job's own deadline passed before an answer
├── ProviderFailed           a provider did not answer; says whether another try could succeed
├── ProvidersExhausted     no provider of the route answered
├── EncoderUnavailable       the encoder's model is missing, altered or cannot be loaded
├── RuleFailed               a rule matched but its database did not answer
├── StoreUnavailable         Redis refused or could not be reached
└── AnswerTimeout            the client waited as long as it was told to

Celery's JSON result backend rebuilds an exception as ``cls(*args)``; so each class keeps exactly its
constructor's arguments in ``args`` (JSON values only), and renders its sentence in ``__str__``.
"""

from __future__ import annotations


class FarthingError(Exception):
    """Something went wrong that Farthing can name."""


class JobInvalid(FarthingError, ValueError):
    """A job is malformed. ``field`` is a dotted path, e.g. ``messages[0].role``."""

    def __init__(self, field: str, got: str, expected: str) -> None:
        super().__init__(field, got, expected)
        self.field, self.got, self.expected = field, got, expected

    def __str__(self) -> str:
        return f"{self.field}: got {self.got}, expected {self.expected}"


class JobIdReused(FarthingError, ValueError):
    """The id was given to another job before. ``fingerprint`` is the refused job's (see Job.fingerprint)."""

    def __init__(self, job_id: str, fingerprint: str) -> None:
        super().__init__(job_id, fingerprint)
        self.job_id, self.fingerprint = job_id, fingerprint

    def __str__(self) -> str:
        return f"job_id: {self.job_id!r} belongs to another job, expected an id of this job's own"


class JobUnknown(FarthingError, LookupError):
    """No job of this tenant has this id."""

    def __init__(self, job_id: str, tenant: str) -> None:
        super().__init__(job_id, tenant)
        self.job_id, self.tenant = job_id, tenant

    def __str__(self) -> str:
        return f"no job of tenant {self.tenant!r} has the id {self.job_id!r}; expected the tenant that submitted it"


class JobRevoked(FarthingError):
    """The job was revoked, or its ``expires`` passed, before the model was asked."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id

    def __str__(self) -> str:
        return f"job {self.job_id} was revoked or expired before it was answered"


class ConfigurationInvalid(FarthingError, ValueError):
    """The settings or the configuration file have faults; ``faults`` lists all of them."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(faults)
        self.faults = list(faults)

    def __str__(self) -> str:
        lines = "\n".join(f"  - {fault}" for fault in self.faults)
        return f"configuration has {len(self.faults)} fault(s):\n{lines}"


class UnknownModel(FarthingError):
    """No configured provider offers this model; ``got`` quotes nothing of a name that a customer may have written."""

    def __init__(self, got: str, known: list[str]) -> None:
        super().__init__(got, known)
        self.got, self.known = got, list(known)

    def __str__(self) -> str:
        return f"model: got {self.got}, expected one of {', '.join(self.known) or '(none configured)'}"


class PriceUnknown(FarthingError):
    """No price is known for a model of a provider: add one under ``[[prices]]`` in the configuration."""

    def __init__(self, model: str, provider: str) -> None:
        super().__init__(model, provider)
        self.model, self.provider = model, provider

    def __str__(self) -> str:
        return (
            f"no price known for model {self.model!r} of provider {self.provider!r}: "
            "add it under [[prices]] in the file that FARTHING_CONFIG names"
        )


class DeadlineExceeded(FarthingError):
    """The job's deadline passed; ``stage`` says where it was."""

    def __init__(self, deadline_s: float, stage: str) -> None:
        super().__init__(deadline_s, stage)
        self.deadline_s, self.stage = deadline_s, stage

    def __str__(self) -> str:
        return f"the job's deadline of {self.deadline_s:g} s passed at {self.stage}"


class ProviderFailed(FarthingError):
    """One provider did not answer.

    ``status`` is the HTTP status or 0 when there was none; ``retryable`` says whether another try could
    succeed; ``retry_after_s`` is what the provider asked for, or None; ``reason`` is the provider's own, cut short,
    with what quotes the prompt withheld.
    """

    def __init__(
        self,
        provider: str,
        kind: str,
        status: int = 0,
        retryable: bool = False,
        retry_after_s: float | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(provider, kind, status, retryable, retry_after_s, reason)
        self.provider, self.kind, self.status = provider, kind, status
        self.retryable, self.retry_after_s, self.reason = retryable, retry_after_s, reason
        # Of use where it was raised alone: what came of an answer that broke off, and the parameter that was refused.
        self.received = ""
        self.refused_param: str | None = None

    def __str__(self) -> str:
        status = f" (HTTP {self.status})" if self.status else ""
        again = "may succeed later" if self.retryable else "will not succeed by trying again"
        said = f" [{self.reason}]" if self.reason else ""
        return f"provider {self.provider!r} did not answer: {self.kind}{status}{said}; {again}"


class ProvidersExhausted(FarthingError):
    """No provider of the route answered; ``failures`` has one sentence each."""

    def __init__(self, failures: list[str]) -> None:
        super().__init__(failures)
        self.failures = list(failures)

    def __str__(self) -> str:
        return "no provider answered: " + "; ".join(self.failures)


class EncoderUnavailable(FarthingError):
    """The encoder cannot be used: which one, and how to mend it."""

    def __init__(self, encoder: str, reason: str) -> None:
        super().__init__(encoder, reason)
        self.encoder, self.reason = encoder, reason

    def __str__(self) -> str:
        return f"encoder {self.encoder!r} cannot be used: {self.reason}"


class RuleFailed(FarthingError):
    """A rule matched the question but could not be carried out; the job goes to the model."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(rule, reason)
        self.rule, self.reason = rule, reason

    def __str__(self) -> str:
        return f"rule {self.rule!r} matched but failed: {self.reason}"


class BudgetSpent(FarthingError):
    """The tenant's budget has no room for this job, which costs nothing; ``said`` is how the budget stands."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said

    def __str__(self) -> str:
        return f"the budget is spent: {self.said}"


class QueueFull(FarthingError):
    """Too many jobs wait; this one costs nothing, and is worth sending again after ``retry_after_s``."""

    def __init__(self, queue: str, waiting: int, retry_after_s: float) -> None:
        super().__init__(queue, waiting, retry_after_s)
        self.queue, self.waiting, self.retry_after_s = queue, waiting, retry_after_s

    def __str__(self) -> str:
        return f"{self.waiting} jobs wait in {self.queue}: send it again in {self.retry_after_s:g} s"


class StoreUnavailable(FarthingError):
    """Redis refused or could not be reached; ``role`` is broker, result, cache, ledger or embedded."""

    def __init__(self, role: str, reason: str) -> None:
        super().__init__(role, reason)
        self.role, self.reason = role, reason

    def __str__(self) -> str:
        return f"{self.role} Redis: {self.reason}"


class FleetFailed(FarthingError):
    """A process of the fleet did not start, or ended; ``said`` is why, with the last lines of its log."""

    def __init__(self, process: str, said: str) -> None:
        super().__init__(process, said)
        self.process, self.said = process, said

    def __str__(self) -> str:
        return f"{self.process} {self.said}"


class JobParked(FarthingError):
    """The job was put aside: no worker can take it, or workers ended with it in hand. ``reason`` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the job was put aside: {self.reason}"


class AnswerTimeout(FarthingError, TimeoutError):
    """The client stopped waiting; the job may still be answered under the same id."""

    def __init__(self, job_id: str, waited_s: float) -> None:
        super().__init__(job_id, waited_s)
        self.job_id, self.waited_s = job_id, waited_s

    def __str__(self) -> str:
        return f"no answer to job {self.job_id} within {self.waited_s:g} s; ask again with result({self.job_id!r})"
