"""A FastAPI backend that enqueues chat jobs and awaits their answers: `uvicorn fastapi_app:app`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from pipelines.errors import AnswerTimeout, FarthingError, JobInvalid, StoreUnavailable
from workers.client import Farthing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Chat(BaseModel):
    """A question, or a whole conversation; ``tenant`` and ``user`` come from your own session, not from the browser."""

    messages: list[dict[str, Any]]
    tenant: str = "default"
    user: str | None = None


class Feedback(BaseModel):
    """A customer's verdict on an answer; ``tenant`` and ``user`` come from your own session, as above.

    It changes what this customer is given. What others are given changes when your operators approve it
    (`farthing review`) or enough different customers say so: never hand ``approve`` on from a browser.
    """

    job_id: str
    rating: Literal["right", "wrong"]
    correction: str | None = None
    tenant: str = "default"
    user: str | None = None


farthing = Farthing()  # connects to nothing yet; all requests of this process share its connections


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Close the connections when the server stops."""
    yield
    await farthing.aclose()


app = FastAPI(lifespan=lifespan)


@app.post("/chat")
async def chat(asked: Chat) -> dict[str, Any]:
    """Enqueue, await the answer without blocking the event loop, return it with its cost."""
    try:
        answer = await farthing.aask(asked.messages, tenant=asked.tenant, user=asked.user, timeout_s=30)
    except JobInvalid as error:
        raise HTTPException(422, str(error)) from error
    except AnswerTimeout as error:
        raise HTTPException(504, str(error)) from error
    except StoreUnavailable as error:
        raise HTTPException(503, "busy; try again") from error
    except FarthingError as error:
        raise HTTPException(502, str(error)) from error
    return answer.encode()


@app.post("/feedback")
async def feedback(given: Feedback) -> dict[str, Any]:
    """Pass a verdict on: a wrong answer is not given to this customer again, the correction is."""
    return await farthing.afeedback(
        given.job_id,
        rating=given.rating,
        correction=given.correction,
        tenant=given.tenant,
        user=given.user,
        wait_s=10,
    )
