"""What a page says of what went wrong: the problem of a service in the reader's language. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.console.clients.answers import Declined, Unreached

_OWN: Final = {403: "trouble_403", 404: "trouble_404", 410: "trouble_404", 413: "trouble_413"}


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong in one field, and the way out."""

    field: str
    fault: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is said instead of what was asked for. `title` and `detail` are words of the console's
    `words.yaml`, by name, or what a service said.
    """

    status: int
    title: str
    detail: str = ""
    faults: Sequence[FieldFault] = ()
    wait: int | None = None
    part: str | None = None
    """The service that is away: pages of the others go on."""
    signs_in: bool = False
    """Whether signing in is the way out."""


def trouble_of(error: Declined | Unreached, t: Mapping[str, str], language: str) -> Trouble:
    """What is said of a service's answer."""
    if isinstance(error, Unreached):
        return _away(error.service, t, wait=None, unsure=error.sent)
    if error.status >= 500:
        return _away(error.service, t, wait=error.retry_after)
    if error.status in _OWN:
        name = _OWN[error.status]
        # Of what is not there the service names the kind of thing, and nothing of the thing.
        title = _said(error.problem, "title", language) if error.status == 404 else ""
        return Trouble(error.status, title or t[name], t[f"{name}_way"])
    return Trouble(
        error.status,
        _said(error.problem, "title", language) or t["trouble_declined"],
        _said(error.problem, "detail", language),
        faults=faults_in(error.problem, language),
        wait=error.retry_after,
    )


def faults_in(problem: Mapping[str, Any], language: str) -> list[FieldFault]:
    """The faults of a problem document, by field."""
    found = problem.get("faults", ())
    return [
        FieldFault(
            str(each.get("field", "")),
            _said(each, "fault", language),
            _said(each, "remedy", language),
        )
        for each in found
        if isinstance(each, Mapping)
    ]


def _away(service: str, t: Mapping[str, str], *, wait: int | None, unsure: bool = False) -> Trouble:
    detail = t["trouble_unsure"] if unsure else t["trouble_away_way"]
    return Trouble(503, t[f"away_{service}"], detail, wait=wait, part=service)


def _said(of: Mapping[str, Any], name: str, language: str) -> str:
    chinese = of.get(f"{name}_zh") if language == "zh" else None
    return str(chinese or of.get(name) or "")
