"""Errors over HTTP: RFC 9457 problem documents that name the field and never echo its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared.audit import NotAnchored, UnfitForAudit
from shared.bus import BrokerDown
from shared.contracts import Fault, MalformedMessage
from shared.contracts.errors import MAX_FAULTS, faults_in
from shared.contracts.refusals import (
    Away,
    Gone,
    NotNow,
    NotSignedIn,
    NotThere,
    NotYours,
    Refused,
    TooOften,
    TooSlow,
    Unfit,
)
from shared.identity import Forbidden, InvalidToken
from shared.readers.credentials import CredentialsAway
from shared.readers.policies import NoPolicyError
from shared.readers.tickets import NoSuchTicket
from shared.runtime.authentication import FactorNeeded
from shared.store import STORE_DOWN, Contested
from shared.telemetry import logger
from shared.tickets import NoSuchOrder, NotAllowed, possible_from

PROBLEM_JSON: Final = "application/problem+json"


_TEXT: Final = {"type": "string"}
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "Why not, as a problem document (RFC 9457)",
        "content": {
            PROBLEM_JSON: {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status"],
                    "properties": {
                        "type": _TEXT,
                        "title": _TEXT,
                        "status": {"type": "integer"},
                        "detail": _TEXT,
                        "faults": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["field", "fault", "remedy"],
                                "properties": {"field": _TEXT, "fault": _TEXT, "remedy": _TEXT},
                            },
                        },
                    },
                }
            }
        },
    }
}
"""What the OpenAPI documents say of every answer that is no success."""


STATUS: Final[Mapping[type[Refused], int]] = {
    NotThere: 404,
    NotNow: 409,
    NotYours: 403,
    NotSignedIn: 401,
    Unfit: 422,
    Gone: 410,
    TooSlow: 408,
    TooOften: 429,
    Away: 503,
}
"""What use cases refuse, in the words of HTTP."""
_STORE_AWAY: Final = (503, "store-away", "The store cannot be reached; send it again")
_COMMON: Final[Mapping[type[Exception], tuple[int, str, str]]] = {
    Forbidden: (403, "forbidden", "Not within your rights"),
    InvalidToken: (401, "not-signed-in", "Sign in first"),
    FactorNeeded: (403, "factor-needed", "A second factor is needed"),
    CredentialsAway: (503, "credentials-away", "Nobody can be recognised; send it again"),
    Contested: (409, "contested", "Others are changing this now; send it again"),
    BrokerDown: (503, "broker-away", "The queue cannot be reached; send it again"),
    NotAnchored: (503, "not-anchored", "The audit's folder cannot be written to"),
    NoPolicyError: (503, "no-policy", "No policy is in force"),
    **dict.fromkeys(STORE_DOWN, _STORE_AWAY),
}
"""What every service can meet, with its status, code and title."""
_TELLING: Final = (Forbidden, InvalidToken, FactorNeeded, NoPolicyError)
"""Their own texts are for the caller as well."""


class Problem:
    """An answer that is no success; `faults` name fields, `retry_after` is in seconds."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        *,
        detail: str = "",
        faults: Sequence[Fault] = (),
        more_faults: int = 0,
        retry_after: int | None = None,
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.status = status
        self.kind = kind
        self.headers: dict[str, str] = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)
        self.body: dict[str, Any] = {
            "type": f"urn:hotline:problem:{kind}",
            "title": title,
            "status": status,
        }
        if detail:
            self.body["detail"] = detail
        if faults:
            self.body["faults"] = [
                {"field": f.field, "fault": f.fault, "remedy": f.remedy}
                for f in faults[:MAX_FAULTS]
            ]
            more_faults += max(len(faults) - MAX_FAULTS, 0)
            if more_faults:
                self.body["more_faults"] = more_faults
        self.body |= more

    def to_response(self) -> JSONResponse:
        """The problem document."""
        return JSONResponse(self.body, self.status, self.headers, media_type=PROBLEM_JSON)


def problem_of(error: Exception) -> Problem:
    """The problem an error of ours means to whoever asked."""
    match error:
        case Refused():
            return _refusal(error)
        case MalformedMessage():
            return _malformed(error.faults, error.more)
        case NotAllowed():
            return _not_allowed(error)
        case NoSuchTicket() | NoSuchOrder():
            return _refusal(NotThere())
        case UnfitForAudit():
            return _unfit(error)
        case _:
            return _common(error)


def _refusal(error: Refused) -> Problem:
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    return Problem(
        status,
        error.code,
        error.title,
        detail=error.remedy,
        retry_after=error.wait,
        more=error.facts,
    )


def _malformed(faults: Sequence[Fault], more: int) -> Problem:
    return Problem(422, "malformed", "The request does not fit", faults=faults, more_faults=more)


def _not_allowed(error: NotAllowed) -> Problem:
    facts = {
        "transition": str(error.transition),
        "present": str(error.status),
        "set_by": error.last_by,
        "possible": possible_from(error.transition, str(error.status)),
    }
    title = "Not possible in the present status"
    return Problem(409, "not-allowed", title, detail=error.remedy, more=facts)


def _unfit(error: UnfitForAudit) -> Problem:
    remedy = "use ids and codes: letters, digits and . _ : / -"
    return Problem(
        422,
        "not-recordable",
        "This cannot be put on record, so it was not done",
        faults=[Fault(error.field, error.why, remedy)],
    )


def _common(error: Exception) -> Problem:
    for kind, (status, code, title) in _COMMON.items():
        if isinstance(error, kind):
            detail = str(error) if isinstance(error, _TELLING) else ""
            return Problem(status, code, title, detail=detail)
    return Problem(500, "failed", "Something broke here; it is in the log")


def add_problem_handlers(app: FastAPI) -> None:
    """Turn every error into a problem document."""

    async def on_error(request: Request, error: Exception) -> JSONResponse:
        problem = problem_of(error)
        if problem.status == 500:
            logger.exception("request_failed", path=_route(request), error=type(error).__name__)
        return problem.to_response()

    async def on_invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        # The first part of a place only says where the request held it.
        found = [{**item, "loc": item["loc"][1:]} for item in error.errors()]
        faults = faults_in(found)
        return _malformed(faults, len(found) - len(faults)).to_response()

    async def on_http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        is_missing = error.status_code == 404
        return (_refusal(NotThere()) if is_missing else _plain(error)).to_response()

    app.add_exception_handler(Exception, on_error)
    ours = (Refused, MalformedMessage, NotAllowed, NoSuchTicket, NoSuchOrder, UnfitForAudit)
    for kind in (*ours, *_COMMON):
        app.add_exception_handler(kind, on_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def _plain(error: HTTPException) -> Problem:
    return Problem(error.status_code, "refused", str(error.detail))


def _route(request: Request) -> str:
    """The route's pattern: the path itself may hold a token."""
    return getattr(request.scope.get("route"), "path", "unknown")
