"""What a client sends and reads by: a Celery app that sends alone, checked jobs and ids, a job's own results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import Celery

from pipelines.errors import JobIdReused, JobInvalid
from pipelines.job import Job
from pipelines.message import Message
from pipelines.validation import MAX_NAME_CHARS
from workers.config import addresses

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_TENANT = "default"
# Celery would write what a customer asked into the headers, for monitors; that took a fifth of the time of a send.
WITHHELD: dict[str, Any] = {"argsrepr": "(withheld)", "kwargsrepr": "(withheld)"}

Messages = str | list[dict[str, Any]]


def sender(broker_url: str) -> Celery:
    """A Celery app that sends, JSON only, and neither becomes the program's current app nor reads results."""
    app = Celery("farthing-client", set_as_current=False)
    address, options = addresses.for_celery(broker_url)
    # No backend: Celery would subscribe to each result as it sends, and hold it for whoever never asks. The class is
    # named, and the broker as the write URL, because CELERY_RESULT_BACKEND and CELERY_BROKER_URL (a web backend's
    # own) override the other settings.
    app.backend_cls = "disabled://"
    app.conf.update(
        broker_write_url=address,
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        result_accept_content=["json"],
        # A broker that restarts is back within seconds; a person waits no longer. The id stays the same.
        task_publish_retry_policy={"max_retries": 5, "interval_start": 0.1, "interval_step": 0.3, "interval_max": 1},
        broker_connection_timeout=2,
        broker_transport_options={
            "socket_connect_timeout": 2,
            "socket_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 25,
            **options,
        },
    )
    return app


def job_of(messages: Messages, tenant: str, fields: Mapping[str, Any]) -> Job:
    """The job, checked; raises JobInvalid."""
    said = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    return Job.decode({**fields, "messages": said, "tenant": tenant})


def verdict(
    job_id: str, rating: str, correction: str | None, *, tenant: str, user: str | None, approve: bool
) -> dict[str, Any]:
    """The arguments of feedback, checked; what is not said is left out: an older worker knows three of them."""
    if rating not in ("right", "wrong"):
        raise JobInvalid("rating", f"{rating!r:.40}", "right or wrong")
    if correction is not None:
        Message.decode({"role": "assistant", "content": correction}, "correction")
    given: dict[str, Any] = {"job_id": job_id, "rating": rating, "correction": correction}
    given |= {"tenant": tenant} if tenant != DEFAULT_TENANT else {}
    given |= {"user": user} if user is not None else {}
    return given | ({"approve": True} if approve else {})


def says(fingerprint: str | None, meta: Mapping[str, Any]) -> bool:
    """Does a stored result say something to the job with this fingerprint?"""
    result = meta.get("result")
    if fingerprint is None or not isinstance(result, dict) or result.get("exc_type") != JobIdReused.__name__:
        return True
    return fingerprint in (result.get("exc_message") or ())


def checked_id(job_id: str) -> str:
    """A job's id becomes part of Redis keys and of logs."""
    if not isinstance(job_id, str) or not 0 < len(job_id) <= MAX_NAME_CHARS or not job_id.isprintable():
        raise JobInvalid("job_id", f"{type(job_id).__name__}", f"1 to {MAX_NAME_CHARS} printable characters")
    return job_id


def refusal(error: Exception) -> str:
    """Why a broker did not take a job, in words; of an error that nobody expects, its type."""
    said = str(error)
    if "maxmemory" in said:
        return "it is full (maxmemory)"
    if "WRONGPASS" in said or "NOAUTH" in said or "invalid username-password" in said:
        return "wrong or missing password"
    if isinstance(error, AttributeError):  # kombu's, of a channel that was torn down meanwhile
        return "the connection was lost"
    return f"{type(error).__name__} {said:.200}"
