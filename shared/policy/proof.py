"""Of which work a photo is wanted before it counts as done. Pure."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from shared.contracts.report import TicketType
from shared.policy.naming import fits
from shared.policy.taxonomy import EMERGENCY


class ProofWanted(BaseModel):
    """Work of these types, areas and urgencies; what is left out is any. One at least is named."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    types: frozenset[TicketType] = frozenset()
    areas: frozenset[str] = frozenset()
    urgencies: frozenset[Literal["urgent", "normal"]] = frozenset()

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.types or self.areas or self.urgencies):
            raise ValueError("names no work: say which types, areas or urgencies")
        return self

    def covers(self, type: str, area: str, urgency: str) -> bool:
        """Whether this work is meant. Nobody takes photos before an emergency may end."""
        if EMERGENCY in {type, urgency}:
            return False
        return fits((self.types, type), (self.areas, area), (self.urgencies, urgency))
