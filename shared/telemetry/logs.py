"""Logs as JSON lines: constant text, facts as fields, ticket and event ids bound per message.

Personal data never comes here: callers pass ids and codes. As a second line of defence, anything
in a field that looks like a phone or identity number is masked.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

_NUMBER: Final = re.compile(r"(?<!\d)(\+?86[- ]?)?1[3-9]\d(?:[- ]?\d){8}(?!\d)|\d{17}[\dXx](?!\d)")

logger: structlog.stdlib.BoundLogger = structlog.get_logger("hotline")


def configure_logs(service: str, level: str = "INFO") -> None:
    """Send this process's logs to standard output; libraries speak from WARNING upward."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _with_service(service),
            _mask_numbers,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(message)s", force=True)
    # These print whole messages or addresses when they are talkative.
    for talkative in ("aiormq", "aio_pika", "pymongo", "httpx", "uvicorn.access"):
        logging.getLogger(talkative).setLevel(logging.ERROR)


def _with_service(service: str) -> structlog.types.Processor:
    def add(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        fields["service"] = service
        return fields

    return add


def _mask_numbers(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in fields.items():
        if isinstance(value, str):
            fields[key] = _NUMBER.sub("(number)", value)
    return fields
