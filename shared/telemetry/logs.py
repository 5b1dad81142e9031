"""Logs as JSON lines: constant text, facts as fields, ticket and event ids bound per message.

Personal data never comes here: callers pass ids and codes. As a second line of defence the text
of an exception is left out (a driver may quote a value in it; its type and the lines it passed
say enough), and whatever looks like a phone or identity number is masked.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Final

import structlog
from typing_extensions import override

_NUMBER: Final = re.compile(r"(?<!\d)(\+?86[- ]?)?1[3-9]\d(?:[- ]?\d){8}(?!\d)|\d{17}[\dXx](?!\d)")
_TALKATIVE: Final = ("aiormq", "aio_pika", "pymongo", "httpx", "uvicorn.access")
"""These print whole messages or addresses when they speak."""

logger: structlog.stdlib.BoundLogger = structlog.get_logger("hotline")


def configure_logs(service: str, level: str = "INFO") -> None:
    """Send this process's logs to standard output; libraries speak from WARNING upward."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _trace_without_text,
            _with_service(service),
            _mask_numbers,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Masked("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for talkative in _TALKATIVE:
        logging.getLogger(talkative).setLevel(logging.ERROR)


class _Masked(logging.Formatter):
    """What libraries say, without numbers and without the texts of exceptions."""

    @override
    def formatException(self, ei: Any) -> str:
        return _trace(ei[0], ei[2])

    @override
    def format(self, record: logging.LogRecord) -> str:
        return _NUMBER.sub("(number)", super().format(record))


def trace_of(error: BaseException) -> str:
    """Where an exception went and what it is, without its text; of a group, each of them."""
    whole = _trace(type(error), error.__traceback__)
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return "\n".join((whole, *(trace_of(each) for each in inner)))


def _trace(kind: type[BaseException] | None, trace: TracebackType | None) -> str:
    name = kind.__name__ if kind else "no exception"
    return "".join(traceback.format_tb(trace)) + name


def _trace_without_text(
    _: Any, __: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    if fields.pop("exc_info", None):
        error = sys.exc_info()[1]
        fields["trace"] = trace_of(error) if error else _trace(None, None)
    return fields


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
