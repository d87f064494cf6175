"""The journey, top to bottom: each task decodes, decides, encodes."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines import journey
from pipelines.answer import Answer
from pipelines.cache import admission
from pipelines.cache.entry import Entry, entry_id
from pipelines.errors import FarthingError
from pipelines.journey import Progress, Slot
from pipelines.text import tokens
from workers.app import app
from workers.broker.away import Later
from workers.broker.worker import Worker
from workers.observability import counters, logs
from workers.providers import calls
from workers.runtime import runtime
from workers.stages import batch_lane, canvas
from workers.stages.arrival import in_time
from workers.stages.base import ChatTask, Stopwatch
from workers.stages.batch_lane import Parked
from workers.stages.flight import followed

if TYPE_CHECKING:
    from billiard.einfo import ExceptionInfo

    from pipelines.answer import Usage
    from pipelines.routing.catalog import Offer


REDELIVERED_S = 600  # a message of a dead worker is in other hands in seconds, and may wait there
AMBIGUOUS = "paid: a call for this job ended with its worker, and may have been paid for too"
HOLD_S = 1.0  # a call that may not be made yet holds its thread no longer


class StageTask(ChatTask):
    """A stage of a job for whose answer others may wait."""

    abstract = True
    # Nobody reads what a stage in between hands on; of one that fails, Celery would tell the last one's caller nothing.
    store_errors_even_if_ignored = True

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: ExceptionInfo) -> None:
        """A job that fails is nobody's to wait for."""
        super().on_failure(exc, task_id, args, kwargs, einfo)
        handed_on = args[0] if args and isinstance(args[0], dict) and self.name != journey.LOOKUP else {}
        runtime().flight.land(app, str(handed_on.get("flight") or ""), str(handed_on.get("job_id") or ""))


@app.task(name=journey.LOOKUP, base=StageTask, shared=False, bind=True)
def cache_lookup(self: ChatTask, raw: object) -> Any:
    """Answer the job from the cache, or replace this task by the rest of the journey under the same id."""
    watch, held = Stopwatch(), runtime()
    progress = held.arrival.arrive(self, raw)
    answered = held.paid_once.answered_before(self.backend, progress)
    if answered is not None:
        return answered
    held.spending.arrive(progress.job.tenant)
    in_time(progress, "cache-lookup")
    found = held.arrival.look_up(progress, after_another=followed(self))
    timings = {**progress.timings_ms, "lookup": watch.lap_ms()}
    # Where the answer may be kept, what is sent is what the scope says; else all that the caller gave.
    asked = found.prompt
    parted = found.slot is not None and asked.follows
    progress = replace(
        progress,
        slot=found.slot,
        messages=asked.messages if parted else None,
        alone=asked.alone and (parted or not asked.follows),
        timings_ms=timings,
        degraded=found.degraded,
        spent_usd=found.spent_usd,
    )
    if found.entry is not None and found.hit is not None:
        answer = held.billing.finish(
            progress, held.billing.reused(progress, found.entry, found.hit, followed=followed(self))
        )
        if found.audit is not None:
            _audit_later(progress, found.audit)
        return answer.encode()
    in_time(progress, "cache-lookup")
    ruled = held.rules.match(progress.job) is not None
    if not ruled:
        held.spending.after_lookup(progress)
        held.arrival.room(progress.job.tenant)
    progress = replace(progress, flight=held.flight.join(self, progress, asked.words))
    return self.replace(canvas.after_a_miss(app, progress, self, ruled=ruled))


@app.task(name=journey.CLASSIFY, base=StageTask, shared=False, bind=True)
def classify_job(self: ChatTask, raw: dict[str, Any]) -> Any:
    """Answer a structured question from its database, or decide which tier suffices and hand the job on.

    A rule answers only where this stage runs under the job's own id: what it returns is then the job's answer.
    """
    watch, held = Stopwatch(), runtime()
    progress = Progress.decode(raw)
    in_time(progress, "classify")
    last = self.request.id == progress.job_id
    answer, degraded = held.rules.by_rule(progress) if last else (None, ())
    timings = {**progress.timings_ms, "classify": watch.lap_ms()}
    progress = replace(progress, timings_ms=timings, degraded=(*progress.degraded, *degraded))
    if answer is not None:
        held.flight.land(app, progress.flight, progress.job_id)
        return held.billing.finish(progress, answer).encode()
    progress = replace(progress, route=held.spending.route(progress, held.routing.route(progress)))
    return (
        self.replace(canvas.to_the_model(app, progress, canvas.rides_along(self, progress.job), self))
        if last
        else progress.encode()
    )


@app.task(name=journey.COMPRESS, base=StageTask, shared=False, ignore_result=True)
def compress_context(raw: dict[str, Any]) -> dict[str, Any]:
    """Leave out what matters less to the question where that pays, or the model has no room; say what is left out."""
    watch, held = Stopwatch(), runtime()
    progress = Progress.decode(raw)
    in_time(progress, "compress-context")
    chosen = held.contexts.chosen(app, progress)
    timings = {**progress.timings_ms, "compress": watch.lap_ms()}
    progress = replace(
        progress,
        messages=chosen.messages,
        context=chosen.report(before=progress.job.messages, alone=progress.alone),
        timings_ms=timings,
        degraded=(*progress.degraded, *chosen.says),
    )
    return progress.encode()


@app.task(name=journey.MODEL_CALL, base=StageTask, shared=False, bind=True)
def model_call(self: ChatTask, raw: dict[str, Any]) -> dict[str, Any]:
    """Ask the route's model, or the judge where that may save it; the answer goes to the caller, and to write-back.

    Who comes again, because its worker died or nobody might be asked yet, is not judged a second time.
    """
    watch, held = Stopwatch(), runtime()
    progress = Progress.decode(raw)
    kept_s = max(0, int(progress.deadline_at - time.time())) + REDELIVERED_S
    again = canvas.comes_again(self) or batch_lane.was_there(self)
    if again and (answered := held.paid_once.answered_before(self.backend, progress)) is not None:
        return answered
    begun = held.paid_once.begin(progress, ttl_s=kept_s)
    if begun.answer is not None:
        _hand_over(progress, begun.answer, fresh=False)
        return begun.answer.encode()
    if begun.ambiguous:
        progress = replace(progress, degraded=(*progress.degraded, AMBIGUOUS))
    prompt_tokens = tokens.estimate_prompt(progress.sent, progress.job.params)
    judged = None if again else held.judge.serve(progress, prompt_tokens)
    if judged is not None:
        slot = None if progress.slot is None else replace(progress.slot, seen=judged.seen)
        progress = replace(progress, spent_usd=progress.spent_usd + judged.cost_usd, slot=slot)
        if judged.answer is not None and progress.slot is not None:
            return _judged_hit(progress, progress.slot, judged.answer, judged.probability, watch.lap_ms())
    wasted: list[tuple[Offer, Usage]] = []
    offers = held.market().offers(progress.asking, progress.route, prompt_tokens=prompt_tokens)
    try:
        batched = held.batch_lane.answered(self, progress)
        if batched is None and held.batch_lane.parks(self, progress, offers, prompt_tokens):
            raise Parked
        with held.spending.reserved(progress, offers, paid=batched is not None):
            hold_s = HOLD_S if Worker.takes_here() else math.inf
            late = held.spending.hedges(progress)
            called = batched or calls.call_for(
                progress, held.providers, offers, wasted=wasted, hold_s=hold_s, late=late
            )
            timings = {**progress.timings_ms, "model": watch.lap_ms(), **held.batch_lane.waited(batched, progress)}
            priced = held.cascade.answer(progress, called, took_s=timings["model"] / 1000)
            timings["cascade"] = watch.lap_ms()
            finish = held.billing.finish_off_path if progress.off_path else held.billing.finish
            answer = finish(replace(progress, timings_ms=timings), priced)
    except Parked:
        held.paid_once.forget(progress)
        raise
    except Later:
        held.paid_once.forget(progress)
        held.billing.charge_broken_off(progress, wasted, Decimal(0) if judged is None else judged.cost_usd)
        raise
    except FarthingError:
        held.paid_once.forget(progress)
        held.billing.charge_wasted(progress, wasted)
        raise
    held.paid_once.store(progress, answer, ttl_s=kept_s)
    held.batch_lane.over(self, progress)
    _hand_over(progress, answer)
    return answer.encode()


@app.task(name=journey.WRITE_BACK, base=StageTask, shared=False, ignore_result=True)
def write_back(raw: dict[str, Any], answered: dict[str, Any]) -> None:
    """Store a fresh answer for the next one who asks."""
    progress = Progress.decode(raw)
    _keep(progress, Answer.decode(answered))
    runtime().flight.land(app, progress.flight, progress.job_id)
    runtime().paid_once.over(progress)


def _keep(progress: Progress, answer: Answer) -> None:
    held, slot = runtime(), progress.slot
    if slot is None:
        return
    asked = held.store.ask_count(slot.scope, slot.key)
    retention = held.configuration.cache_of(progress.job.tenant).retention
    admitted = admission.admit(progress.job, answer, asked=asked, retention=retention)
    if isinstance(admitted, admission.Refuse):
        counters.count("write_back.refused")
        return
    now = time.time()
    entry = Entry(
        id=entry_id(progress.job.tenant, progress.job_id, secret=held.secret),
        scope=slot.scope,
        question=held.billing.words(progress.job),
        answer=answer.anonymous,
        created_at=now,
        expires_at=now + admitted.ttl_s,
    )
    known_until = now + max(retention.known_s, admitted.ttl_s)
    job = progress.job
    if progress.audit is not None and slot.twin:
        held.learning.audited_twin(job, progress.job_id, slot, entry, known_until=known_until)
    elif progress.audit is None:
        held.learning.store(job, slot, entry, known_until=known_until)
    else:
        held.learning.audited(job, slot, entry, weight=progress.audit, known_until=known_until)


@app.task(name=journey.MAINTAIN, base=ChatTask, shared=False, ignore_result=True)
def maintain() -> None:
    """Send and fetch batches, sweep what expired, evict what is worth least, hand to Redis what outgrew workers."""
    held, now = runtime(), time.time()
    # By itself: what it needs is not what the cache needs.
    held.batch_tending.tend(app)
    swept = held.store.sweep(now)
    landed = held.flight.land_overdue(app)
    held.accounts.swept(now)
    logs.log().info("swept", **swept, evicted=held.evictor.evict(), outgrown=held.vector_sets.tend(now), landed=landed)


@app.task(name=journey.FEEDBACK, base=ChatTask, shared=False)
def feedback(
    job_id: str,
    rating: str,
    correction: str | None = None,
    tenant: str = "default",
    user: str | None = None,
    approve: bool = False,
) -> dict[str, Any]:
    """A person's verdict on an answer: of a user, for that user; with ``approve``, of an operator, for all."""
    return runtime().feedback.give(job_id, rating, correction, tenant=tenant, user=user, approve=approve)


def _audit_later(progress: Progress, weight: float) -> None:
    """Answer a hit afresh, off its caller's path: a journey of its own, under an id of its own."""
    try:
        runtime().spending.miss(progress.job.tenant)
    except FarthingError:  # it waits for another day; or nobody knows what was spent
        return
    again = canvas.afresh(progress, "audit", audit=weight)
    canvas.send_off_path(canvas.after_a_miss(app, again), "audit")


def _judged_hit(progress: Progress, slot: Slot, answer: Answer, probability: float, took_ms: float) -> dict[str, Any]:
    """The entry's answer, as the judge let it pass; audited like other hits."""
    held = runtime()
    timings = {**progress.timings_ms, "judge": took_ms}
    finished = held.billing.finish(replace(progress, timings_ms=timings), answer)
    held.flight.land(app, progress.flight, progress.job_id)
    weight = held.boundaries.audit(progress.job.tenant, slot.bucket, probability)
    if weight is not None:
        _audit_later(progress, weight)
    return finished.encode()


def _hand_over(progress: Progress, answer: Answer, *, fresh: bool = True) -> None:
    """Hand the answer to write-back, after which those who wait find it, or send them on their way; learn from it.

    ``fresh``: it was made just now.
    """
    held = runtime()
    if progress.against is not None or progress.sums_up is not None:
        if fresh:
            (held.quality if progress.sums_up is None else held.summaries).learn(progress, answer)
        return
    kept = progress.slot is not None and canvas.send_off_path(
        write_back.s(progress.lean.encode(), answer.encode()).set(**canvas.labelled(progress.job)),
        "write_back",
    )
    if not kept:
        held.flight.land(app, progress.flight, progress.job_id)
    if fresh and progress.audit is None:
        held.quality.draw(app, progress, answer)
