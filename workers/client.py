"""The client: what a web backend imports to submit chat jobs and read their answers."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import uuid
import weakref
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from celery.exceptions import TaskRevokedError
from celery.states import READY_STATES
from kombu.exceptions import KombuError

from pipelines.answer import Answer
from pipelines.delivery import labels
from pipelines.errors import (
    AnswerTimeout,
    JobIdReused,
    JobRevoked,
    JobUnknown,
    QueueFull,
    StoreUnavailable,
)
from pipelines.journey import FEEDBACK, LOOKUP, SUBMITTED_AT, TENANT
from workers.broker.backlog import Backlog
from workers.config.settings import Settings
from workers.group_send import GroupSender
from workers.queues import QUEUE_OF
from workers.results import LoopThread, Waiting
from workers.sending import DEFAULT_TENANT, WITHHELD, Messages, checked_id, job_of, refusal, says, sender, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celery import Celery

    from pipelines.job import Job

REMEMBERED = 10_000  # jobs that a client knows to be its own: more than wait for an answer at once
LATE_S = 5.0  # how much longer than its deadline a job is waited for: the worker's own error says more than ours

_CLIENTS: weakref.WeakSet[Farthing] = weakref.WeakSet()
_INHERITED: list[object] = []


class Farthing:
    """Submits chat jobs and waits for their answers; safe to share between threads and event loops.

    Reads FARTHING_BROKER_URL, FARTHING_RESULT_URL and FARTHING_MOST_WAITING from ``environ`` (``os.environ``) unless
    given. Connects to nothing until it is used; in a process forked from one that used it, it begins anew.
    """

    def __init__(
        self,
        broker_url: str | None = None,
        result_url: str | None = None,
        *,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        around = os.environ if environ is None else environ
        given: dict[str, str | None] = {"FARTHING_BROKER_URL": broker_url, "FARTHING_RESULT_URL": result_url}
        given["FARTHING_MOST_WAITING"] = None
        # A client has three settings; what else is there is the workers' to judge.
        named = {name: around.get(name, "") if url is None else url for name, url in given.items()}
        settings = Settings.from_env(named)
        self._broker_url, self._result_url = settings.broker_url, settings.result_url
        self._most_waiting = settings.most_waiting
        self._sent: OrderedDict[str, tuple[str, str | None, str]] = OrderedDict()
        self._end_thread: weakref.finalize[[], Farthing] | None = None
        self._begin()
        _CLIENTS.add(self)

    def _begin(self) -> None:
        """Hold no connection and no thread: at the start, and in a process that was forked from the one that did."""
        if self._end_thread is not None:
            self._end_thread.detach()  # the thread is the parent's
            # So are its sockets: collected here, they would be taken out of the selector that the parent waits on.
            _INHERITED.append((self._app, self._waiting, self._thread))
        self._app: Celery = sender(self._broker_url)
        self._sender = GroupSender(self._app)
        self._backlog = Backlog((QUEUE_OF[LOOKUP],))
        self._lock = threading.Lock()
        self._waiting: dict[asyncio.AbstractEventLoop, Waiting[dict[str, Any]]] = {}
        self._thread: LoopThread | None = None
        self._end_thread = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def submit(self, messages: Messages, *, tenant: str = "default", job_id: str | None = None, **fields: Any) -> str:
        """Send a job and return its id.

        ``messages`` is a question or chat messages; ``fields`` are the job's other fields. A caller's own
        ``job_id`` makes sending again harmless. Raises JobInvalid, QueueFull, or StoreUnavailable("broker", ...).
        """
        return self._submit(job_of(messages, tenant, fields), job_id)

    def result(self, job_id: str, timeout_s: float | None = None, *, tenant: str | None = None) -> Answer:
        """Wait for a job's answer (None: for ever).

        ``tenant`` is whose job it is; without it, this client must have submitted the job, or the tenant is "default".
        Raises what the worker raised, JobUnknown, AnswerTimeout, or StoreUnavailable("result", ...).
        """
        return self._background().run(self.aresult(job_id, timeout_s, tenant=tenant))

    def ask(
        self, messages: Messages, *, tenant: str = "default", timeout_s: float | None = None, **fields: Any
    ) -> Answer:
        """Submit and wait: ``timeout_s`` seconds, or a little longer than the job's deadline."""
        return self._background().run(self.aask(messages, tenant=tenant, timeout_s=timeout_s, **fields))

    def cancel(self, job_id: str) -> None:
        """Nobody waits for this job any more: what is not yet paid for is not, and its result is JobRevoked.

        Every worker that lives is told; a model call that is under way goes on, and its answer is kept for the next.
        An id is all that is asked for: that the job is your user's to cancel, you must know.
        """
        checked = checked_id(job_id)
        try:
            self._app.control.revoke(checked)
        except Exception as error:
            raise StoreUnavailable("broker", f"did not take the word: {refusal(error)}") from error

    async def acancel(self, job_id: str) -> None:
        """As :meth:`cancel`."""
        await asyncio.to_thread(self.cancel, job_id)

    def feedback(self, job_id: str, *, rating: str, wait_s: float = 0.0, **said: Any) -> dict[str, Any]:
        """Say whether an answer was right. ``said``: ``correction``, ``tenant``, ``user``, ``approve``.

        A user's "wrong" takes the answer from that user at once; ``correction`` is served to that user instead, and to
        all when an operator approves it (``approve``: never from a browser) or enough users say so. Tenant and user are
        known of jobs that this client submitted; else give them, from your own session. Returns what was done when
        ``wait_s`` seconds may pass, else {} at once.
        """
        return self._background().run(self.afeedback(job_id, rating=rating, wait_s=wait_s, **said))

    async def asubmit(
        self, messages: Messages, *, tenant: str = "default", job_id: str | None = None, **fields: Any
    ) -> str:
        """As :meth:`submit`."""
        return await asyncio.to_thread(self.submit, messages, tenant=tenant, job_id=job_id, **fields)

    async def aresult(self, job_id: str, timeout_s: float | None = None, *, tenant: str | None = None) -> Answer:
        """As :meth:`result`; any number of waiters share one connection per event loop."""
        submitted = self._submitted(checked_id(job_id))
        fingerprint = None if submitted is None else submitted[2]
        answer = Answer.decode(await self._outcome(job_id, timeout_s, fingerprint))
        if fingerprint is not None and answer.fingerprint not in (None, fingerprint):
            raise JobIdReused(job_id, fingerprint)  # it was another job's before; a result is never replaced
        wanted = tenant or (submitted[0] if submitted else DEFAULT_TENANT)
        if answer.tenant not in (None, wanted):  # workers of an older version did not say
            raise JobUnknown(job_id, wanted)
        return answer

    async def aask(
        self,
        messages: Messages,
        *,
        tenant: str = "default",
        timeout_s: float | None = None,
        job_id: str | None = None,
        **fields: Any,
    ) -> Answer:
        """As :meth:`ask`."""
        job = job_of(messages, tenant, fields)
        sent = await asyncio.to_thread(self._submit, job, job_id)
        return await self.aresult(sent, job.deadline_s + LATE_S if timeout_s is None else timeout_s, tenant=tenant)

    async def afeedback(
        self,
        job_id: str,
        *,
        rating: str,
        correction: str | None = None,
        tenant: str | None = None,
        user: str | None = None,
        approve: bool = False,
        wait_s: float = 0.0,
    ) -> dict[str, Any]:
        """As :meth:`feedback`."""
        of, by, _ = self._submitted(checked_id(job_id)) or (DEFAULT_TENANT, None, "")
        given = verdict(job_id, rating, correction, tenant=tenant or of, user=user or by, approve=approve)
        task_id = str(uuid.uuid4())
        await asyncio.to_thread(self._send, FEEDBACK, task_id, kwargs=given)
        return await self._outcome(task_id, wait_s) if wait_s else {}

    def close(self) -> None:
        """Close what :meth:`result` and :meth:`submit` opened; waiting threads get StoreUnavailable."""
        with self._lock:
            end, self._end_thread, self._thread = self._end_thread, None, None
        if end is not None:
            end()
        self._app.close()

    async def aclose(self) -> None:
        """As :meth:`close`, and close this event loop's connections."""
        with self._lock:
            waiting = self._waiting.pop(asyncio.get_running_loop(), None)
        if waiting is not None:
            await waiting.aclose()
        await asyncio.to_thread(self.close)

    def _submit(self, job: Job, job_id: str | None) -> str:
        sent = str(uuid.uuid4()) if job_id is None else checked_id(job_id)
        with self._lock:
            self._sent[sent] = (job.tenant, job.user, job.fingerprint)
            self._sent.move_to_end(sent)
            while len(self._sent) > REMEMBERED:
                self._sent.popitem(last=False)
        self._room(job.tenant)
        headers = {SUBMITTED_AT: time.time(), TENANT: job.tenant}
        self._send(LOOKUP, sent, args=[job.encode()], headers=headers, priority=labels.urgency(job.priority))
        return sent

    def _send(self, task: str, task_id: str, **options: Any) -> None:
        try:
            self._sender.send(task, task_id=task_id, queue=QUEUE_OF[task], **WITHHELD, **options)
        except Exception as error:  # kombu raises whatever its channel meets, an AttributeError when it is torn down
            raise StoreUnavailable("broker", f"did not take the job: {refusal(error)}") from error

    def _room(self, tenant: str) -> None:
        """Raises QueueFull where no more of this tenant's jobs may wait to be looked up."""
        if self._most_waiting == 0:
            return
        waiting = self._backlog.fresh
        if waiting is None:
            try:
                with self._app.connection_or_acquire() as connection:
                    waiting = self._backlog.look(connection.default_channel.client)
            except Exception:  # noqa: BLE001 - a broker that is away is named by the send
                return
        if not waiting.admits(tenant, self._most_waiting):
            raise QueueFull(QUEUE_OF[LOOKUP], waiting.waiting, waiting.again_in_s)

    def _submitted(self, job_id: str) -> tuple[str, str | None, str] | None:
        """Tenant, user and fingerprint of a job that this client submitted."""
        with self._lock:
            return self._sent.get(job_id)

    async def _outcome(self, task_id: str, timeout_s: float | None, fingerprint: str | None = None) -> dict[str, Any]:
        """What came of a task; that another job of its id was refused says nothing to the job with ``fingerprint``."""
        try:
            mine = partial(says, fingerprint)
            found = await self._of_this_loop().value(f"celery-task-meta-{task_id}", timeout_s, mine)
        except TimeoutError:
            raise AnswerTimeout(task_id, timeout_s or 0.0) from None
        outcome = self._app.backend.meta_from_decoded(dict(found))["result"]
        if isinstance(outcome, TaskRevokedError):
            raise JobRevoked(task_id)
        if isinstance(outcome, BaseException):
            raise outcome
        answered: dict[str, Any] = outcome
        return answered

    def _read(self, stored: bytes) -> dict[str, Any] | None:
        """A stored result once it is final: Celery also publishes states on the way."""
        try:
            meta: dict[str, Any] = self._app.backend.decode(stored)
            return meta if meta["status"] in READY_STATES else None
        except (KombuError, ValueError, KeyError, TypeError) as error:
            raise StoreUnavailable("result", f"holds no result of Celery's ({type(error).__name__})") from None

    def _of_this_loop(self) -> Waiting[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        with self._lock:
            self._waiting = {known: held for known, held in self._waiting.items() if not known.is_closed()}
            if loop not in self._waiting:
                self._waiting[loop] = Waiting(self._result_url, self._read)
            return self._waiting[loop]

    def _background(self) -> LoopThread:
        with self._lock:
            if self._thread is None:
                self._thread = LoopThread()
                self._end_thread = weakref.finalize(self, self._thread.close)
            return self._thread


def _begin_anew() -> None:
    for client in list(_CLIENTS):
        client._begin()  # noqa: SLF001 - this module's own


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
