"""How lines are kept."""

from __future__ import annotations

from typing import Final

from services.telephony.lines.domain import Line
from shared.documents import Shape
from shared.store import CollectionSpec

LINES: Final = CollectionSpec(name="lines", kind="line", shape=Shape(value=Line))
