"""The indexes of these documents, in one place for `app.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pymongo import IndexModel

from services.intake.privacy import holding, storage, works

INDEXES: Final[Mapping[str, tuple[IndexModel, ...]]] = {
    **storage.INDEXES,
    **works.INDEXES,
    **holding.INDEXES,
}
