"""What whoever takes a call does at once, in three parts. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from services.console.clients.shapes.common import Advice
from shared.policy.templates import Language


@dataclass(frozen=True, slots=True)
class Steps:
    """What to say, to ask and to do."""

    say: str
    ask: str | None
    do: str | None


def steps_of(advice: Advice | None, language: Language) -> Steps | None:
    """Advice in the reader's language."""
    if advice is None:
        return None
    return Steps(
        say=advice.say.in_(language),
        ask=advice.ask.in_(language) if advice.ask else None,
        do=advice.do.in_(language) if advice.do else None,
    )
