"""Errors over HTTP: RFC 9457 problem documents that name the field and never echo its value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared.audit import NotAnchored, UnfitForAudit
from shared.bus import BrokerDown
from shared.contracts import Fault, MalformedMessage
from shared.contracts.errors import MAX_FAULTS, faults_in
from shared.identity import Forbidden, InvalidToken
from shared.readers.credentials import CredentialsAway
from shared.readers.policies import NoPolicyError
from shared.readers.tickets import NoSuchTicket
from shared.runtime.asking import FactorNeeded
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


class Problem(Exception):
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
        **more: Any,
    ) -> None:
        self.status = status
        self.headers: dict[str, str] = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)
        self.body: dict[str, Any] = {
            "type": f"urn:hotline:problem:{kind}", "title": title, "status": status,
        }  # fmt: skip
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
        super().__init__(title)

    def to_response(self) -> JSONResponse:
        """The problem document."""
        return JSONResponse(self.body, self.status, self.headers, media_type=PROBLEM_JSON)


def not_found() -> Problem:
    """The same for what is missing and for what is not yours, so that nothing can be guessed."""
    return Problem(
        404, "not-found", "There is nothing here, or it is not yours",
        detail="check the path (/docs lists them) and the number; "
        "your token may not reach its place or department",
    )  # fmt: skip


def problem_of(error: Exception) -> Problem:  # noqa: C901, PLR0911, PLR0912 - one case an error
    """The problem an error of ours means to whoever asked."""
    match error:
        case Problem():
            return error
        case MalformedMessage():
            return Problem(
                422, "malformed", "The request does not fit", faults=error.faults,
                more_faults=error.more,
            )  # fmt: skip
        case NotAllowed():
            return Problem(
                409, "not-allowed", "Not possible in the present status", detail=error.remedy,
                transition=str(error.transition), present=str(error.status), set_by=error.last_by,
                possible=possible_from(error.transition, str(error.status)),
            )  # fmt: skip
        case NoSuchTicket() | NoSuchOrder():
            return not_found()
        case Forbidden():
            return Problem(403, "forbidden", "Not within your rights", detail=str(error))
        case InvalidToken():
            return Problem(401, "not-signed-in", "Sign in first", detail=error.reason)
        case FactorNeeded():
            return Problem(403, "factor-needed", "A second factor is needed", detail=str(error))
        case CredentialsAway():
            return Problem(503, "credentials-away", "Nobody can be recognised; send it again")
        case Contested():
            return Problem(409, "contested", "Others are changing this now; send it again")
        case BrokerDown():
            return Problem(503, "broker-away", "The queue cannot be reached; send it again")
        case UnfitForAudit():
            return _unfit(error)
        case NotAnchored():
            return Problem(503, "not-anchored", "The audit's folder cannot be written to")
        case NoPolicyError():
            return Problem(503, "no-policy", "No policy is in force", detail=str(error))
        case _ if isinstance(error, STORE_DOWN):
            return Problem(503, "store-away", "The store cannot be reached; send it again")
        case _:
            return Problem(500, "failed", "Something broke here; it is in the log")


def _unfit(error: UnfitForAudit) -> Problem:
    remedy = "use ids and codes: letters, digits and . _ : / -"
    return Problem(
        422, "not-recordable", "This cannot be put on record, so it was not done",
        faults=[Fault(error.field, error.why, remedy)],
    )  # fmt: skip


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
        return Problem(
            422, "malformed", "The request does not fit", faults=faults,
            more_faults=len(found) - len(faults),
        ).to_response()  # fmt: skip

    async def on_http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        problem = not_found() if error.status_code == 404 else _plain(error)
        return problem.to_response()

    app.add_exception_handler(Exception, on_error)
    for kind in (Problem, MalformedMessage, NotAllowed, NoSuchTicket, NoSuchOrder, Forbidden,
                 InvalidToken, FactorNeeded, CredentialsAway, Contested, BrokerDown, UnfitForAudit,
                 NotAnchored, NoPolicyError,
                 *STORE_DOWN):  # fmt: skip
        app.add_exception_handler(kind, on_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def _plain(error: HTTPException) -> Problem:
    return Problem(error.status_code, "refused", str(error.detail))


def _route(request: Request) -> str:
    """The route's pattern: the path itself may hold a token."""
    return getattr(request.scope.get("route"), "path", "unknown")
