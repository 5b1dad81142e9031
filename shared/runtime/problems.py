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
from shared.runtime.problem_words import in_chinese, missing_at, told_in_both, why_not_now
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
                        "title_zh": _TEXT,
                        "detail_zh": _TEXT,
                        "faults": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["field", "fault", "remedy"],
                                "properties": {
                                    "field": _TEXT,
                                    "fault": _TEXT,
                                    "remedy": _TEXT,
                                    "fault_zh": _TEXT,
                                    "remedy_zh": _TEXT,
                                },
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
_AGAIN: Final = "send it again in a moment"
_ADMINISTRATOR: Final = "tell the administrator of the hotline"
_STORE_AWAY: Final = (503, "store-away", "The store cannot be reached; send it again", _AGAIN)
_COMMON: Final[Mapping[type[Exception], tuple[int, str, str, str]]] = {
    Forbidden: (403, "forbidden", "Not within your rights", ""),
    InvalidToken: (401, "not-signed-in", "Sign in first", ""),
    FactorNeeded: (403, "factor-needed", "A second factor is needed", ""),
    CredentialsAway: (
        503, "credentials-away", "Nobody can be recognised; send it again", _AGAIN,
    ),
    Contested: (
        409, "contested", "Others are changing this now; send it again",
        "read it again first: it may be done already",
    ),
    BrokerDown: (503, "broker-away", "The queue cannot be reached; send it again", _AGAIN),
    NotAnchored: (
        503, "not-anchored", "The audit's folder cannot be written to",
        "nothing was done, since it could not be put on record; " + _ADMINISTRATOR,
    ),
    NoPolicyError: (503, "no-policy", "No policy is in force", ""),
    **dict.fromkeys(STORE_DOWN, _STORE_AWAY),
}  # fmt: skip
"""What every service can meet, with its status, code, title and way out."""
_TELLING: Final = (Forbidden, InvalidToken, FactorNeeded, NoPolicyError)
"""Their own texts are for the caller as well."""
_BEFORE_US: Final[Mapping[int, tuple[str, str, str]]] = {
    404: (
        "no-such-path",
        "There is no such path here",
        "see /docs for the paths of this service; none ends with a slash",
    ),
    405: (
        "wrong-method",
        "This path is there, and takes another method",
        "see /docs for the methods of this path",
    ),
    408: (
        "refused",
        "The body did not arrive in time",
        "send it again where the network is better",
    ),
}
"""What HTTP itself refuses, by status; of a body that is too large the reader knows the limit."""


class Problem:
    """An answer that is no success; `zh` are title and detail in Chinese, `faults` name fields,
    `retry_after` is in seconds.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        *,
        detail: str = "",
        zh: tuple[str, str] | None = None,
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
        title_zh, detail_zh = zh or (in_chinese(title), in_chinese(detail))
        self.body["title_zh"] = title_zh or in_chinese(str(status))
        if detail_zh:
            self.body["detail_zh"] = detail_zh
        if faults:
            self.body["faults"] = [
                {"field": f.field, "fault": f.fault, "remedy": f.remedy}
                for f in faults[:MAX_FAULTS]
            ]
            more_faults += max(len(faults) - MAX_FAULTS, 0)
            if more_faults:
                self.body["more_faults"] = more_faults
        self.body |= more
        if "faults" in self.body:
            self.body["faults"] = [told_in_both(fault) for fault in self.body["faults"]]

    def to_response(self) -> JSONResponse:
        """The problem document."""
        return JSONResponse(self.body, self.status, self.headers, media_type=PROBLEM_JSON)


def problem_of(error: Exception, *, path: str = "") -> Problem:
    """The problem an error of ours means to whoever asked; `path` is the pattern of the path where
    they did.
    """
    match error:
        case NotThere(title=NotThere.NOTHING) | NoSuchTicket() | NoSuchOrder():
            return _missing(path)
        case Refused():
            return _refusal(error)
        case MalformedMessage():
            return _malformed(error.faults, error.more)
        case NotAllowed():
            return _not_allowed(error)
        case UnfitForAudit():
            return _unfit(error)
        case _:
            return _common(error)


def _missing(path: str) -> Problem:
    """Which kind of thing is not there; the same for what is foreign."""
    plain = NotThere()
    found = missing_at(path)
    if found is None:
        return Problem(404, plain.code, plain.title, detail=plain.remedy)
    title, remedy = found
    return Problem(404, plain.code, title.en, detail=remedy.en, zh=(title.zh, remedy.zh))


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
    return Problem(
        422,
        "malformed",
        "The request does not fit",
        detail="mend what the faults name, and send it again",
        faults=faults,
        more_faults=more,
    )


def _not_allowed(error: NotAllowed) -> Problem:
    possible = possible_from(error.transition, str(error.status))
    facts = {
        "transition": str(error.transition),
        "present": str(error.status),
        "set_by": error.last_by,
        "possible": possible,
    }
    why = why_not_now(error.transition, str(error.status), possible, error.remedy)
    title = "Not possible in the present status"
    return Problem(
        409, "not-allowed", title, detail=why.en, zh=(in_chinese(title), why.zh), more=facts
    )


def _unfit(error: UnfitForAudit) -> Problem:
    remedy = "use ids and codes: letters, digits and . _ : / -"
    return Problem(
        422,
        "not-recordable",
        "This cannot be put on record, so it was not done",
        detail="mend what the faults name, and send it again",
        faults=[Fault(error.field, error.why, remedy)],
    )


def _common(error: Exception) -> Problem:
    for kind, (status, code, title, remedy) in _COMMON.items():
        if isinstance(error, kind):
            detail = str(error) if isinstance(error, _TELLING) else remedy
            return Problem(status, code, title, detail=detail)
    return Problem(
        500,
        "failed",
        "Something broke here",
        detail="it is in the log; try again in a moment, and tell the administrator if it stays",
    )


def add_problem_handlers(app: FastAPI) -> None:
    """Turn every error into a problem document."""

    async def on_error(request: Request, error: Exception) -> JSONResponse:
        problem = problem_of(error, path=_route(request))
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
        return _of_http(error).to_response()

    app.add_exception_handler(Exception, on_error)
    ours = (Refused, MalformedMessage, NotAllowed, NoSuchTicket, NoSuchOrder, UnfitForAudit)
    for kind in (*ours, *_COMMON):
        app.add_exception_handler(kind, on_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def _of_http(error: HTTPException) -> Problem:
    """What was refused before any of ours was asked."""
    code, title, remedy = _BEFORE_US.get(error.status_code, ("refused", str(error.detail), ""))
    problem = Problem(error.status_code, code, title, detail=remedy)
    problem.headers |= error.headers or {}
    return problem


def _route(request: Request) -> str:
    """The route's pattern: the path itself may hold a token."""
    return getattr(request.scope.get("route"), "path", "unknown")
