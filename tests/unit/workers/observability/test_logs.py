"""Logs hold no message body, whatever Celery itself prints of what it cannot read."""

from __future__ import annotations

import logging

import pytest

from workers.observability.logs import Discreet

SECRET = "my card is 4111 1111 1111 1111"


@pytest.mark.parametrize(
    ("message", "args", "left"),
    [
        (
            "Received unregistered task of type %s.\n\nThe full contents of the message body was:\n%s",
            ("x", SECRET),
            "type",
        ),
        (
            "Received and deleted unknown message.  Wrong?\n\nThe full contents of the message body was: %s",
            (SECRET,),
            "de",
        ),
        ("Received invalid task message: %s\nThe full contents of the message body was:\n%s", ("e", SECRET), "invalid"),
        ("Can't decode message body: %r [type:%r]\n\nbody: %s", (ValueError(SECRET), "json", SECRET), "decode"),
    ],
)
def test_a_body_is_withheld(message: str, args: tuple[object, ...], left: str) -> None:
    record = logging.LogRecord("celery.worker.consumer.consumer", logging.ERROR, "f", 1, message, args, None)
    assert Discreet().filter(record)
    assert SECRET not in record.getMessage()
    assert left in record.getMessage()


def test_other_lines_pass_as_they_are() -> None:
    record = logging.LogRecord("celery.worker", logging.INFO, "f", 1, "ready: %s", ("now",), None)
    assert Discreet().filter(record)
    assert record.getMessage() == "ready: now"
