"""Structured logs without message text."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import Processor

    from workers.config.settings import Settings

# Celery's own lines for each task repeat what ours say, and print arguments and results.
QUIET = ("celery.app.trace", "celery.worker.strategy", "httpx2", "httpcore2", "openai", "sentence_transformers")

_END_OF_WORDS = re.compile(r"[:.%\n]")
BODY_SIGNS = ("message body", "body:", "invalid task message", "unregistered task", "full contents")


def log() -> structlog.stdlib.BoundLogger:
    """The fleet's logger."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger("farthing")
    return logger


class Discreet(logging.Filter):
    """Keeps message bodies out of Celery's own lines: of what it cannot read, it prints the whole."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Cut such a line to its first words; everything else passes as it is."""
        said = str(record.msg)
        if record.name.startswith(("celery", "kombu")) and any(sign in said for sign in BODY_SIGNS):
            first = _END_OF_WORDS.split(said, maxsplit=1)[0].strip()
            record.msg = f"{first} (contents withheld)"
            record.args, record.exc_info, record.exc_text = (), None, None
        return True


def configure(settings: Settings) -> None:
    """Send all logging of this process to standard error, one event a line."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Discreet())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ]
            if settings.log_format == "json"
            else [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Our own line names the failed task and why; Celery's would print it a second time, with a traceback.
    logging.getLogger("celery.app.trace").setLevel(logging.CRITICAL)
