"""By which names and words a ticket is told to one reader. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from services.console.clients.names import Names
from services.console.frame.times import ZONE, deadline, moment
from services.console.frame.who import called
from shared.codes import name_of, names
from shared.policy.templates import Language

BY_SERVICE: Final = "service:"
_CODE: Final = re.compile(r"[a-z][a-z_]*")
_CHAT: Final = "chat:"


@dataclass(frozen=True, slots=True)
class Saying:
    """Who reads in which language, at what time, and what ids are called."""

    t: Mapping[str, str]
    names: Names
    now: datetime
    language: Language
    people: Mapping[str, str] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The estate's."""
        return ZoneInfo(ZONE)

    def who(self, id: str) -> str:
        """Somebody by name; our own services act by rule."""
        if id.startswith(BY_SERVICE):
            return self.t["by_rule"]
        if id.startswith(_CHAT):
            return self.t["group_chat"]
        if id in {"caller", "contact"}:
            return self.t[f"person_{id}"]
        return self.people.get(id) or called(id, self.language)

    def at(self, when: datetime) -> str:
        """A moment."""
        return moment(when, self.now, self.language)

    def until(self, when: datetime) -> str:
        """A moment by which something is due."""
        return deadline(when, self.now, self.language)

    def code(self, table: str, code: str) -> str:
        """A code's name."""
        return name_of(table, code, self.language)

    def coded(self, note: str, tables: Sequence[str]) -> str | None:
        """The name of what stands where words may stand, if it is a code; None for words."""
        for table in tables:
            if note in names(table):
                return self.code(table, note)
        return None

    def word(self, begins: str, code: str) -> str:
        """Our own word for a code; nothing where we have none."""
        return self.t.get(f"{begins}_{code}", "")

    def did(self, transition: str) -> str:
        """What somebody did, behind their name."""
        return self.word("did", transition) or self.code("transitions", transition)


def is_code(text: str) -> bool:
    """Whether this was never meant to be read by anybody."""
    return _CODE.fullmatch(text.partition("/")[0]) is not None and " " not in text
