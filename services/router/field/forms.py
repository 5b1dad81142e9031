"""Forms of the work page: what was typed becomes an act, or a fault that has words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from shared.contracts.router import Payer
from shared.contracts.times import FIRST_YEAR, LAST_YEAR
from shared.privacy.scrub import scrub
from shared.tickets.acts import (
    Accept,
    Arrive,
    AskExtension,
    ConfirmCancel,
    Decline,
    Note,
    OrderAct,
    PutQuote,
    Resume,
    SetOut,
    Suspend,
)
from shared.tickets.costs import Item, ItemKind
from shared.words import legible

MOST_FIELDS: Final = 40
MOST_WORDS: Final = 500
MOST_ITEMS: Final = 20
DEAREST: Final = 100_000_000
"""In fen, as over HTTP."""
MOST_OF_ONE: Final = 10_000
LONGEST_PRICE: Final = 20
"""Characters; so many digits are counted exactly."""
_CODE: Final = re.compile(r"[a-z][a-z_]{0,59}")
_WHOLE: Final = re.compile(r"0*([1-9][0-9]{0,4})")
_KEY: Final = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_LABELS: Final[Mapping[str, ItemKind]] = {"part": "part", "labour": "labour", "fee": "fee"}
_PAYERS: Final = frozenset({"owner", "group", "warranty"})
SIMPLE: Final[Mapping[str, type[OrderAct]]] = {
    "accept": Accept,
    "set_out": SetOut,
    "arrive": Arrive,
    "resume": Resume,
    "confirm_cancel": ConfirmCancel,
}
"""What needs nothing but the order."""


class Unreadable(Exception):
    """A form says too little, or something that cannot be read; `code` has words on the page."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed, tidied; whatever cannot be read counts as not filled in."""

    fields: Mapping[str, str]

    @classmethod
    def read(cls, body: bytes) -> Form:
        """A posted form."""
        try:
            sent = parse_qs(body.decode("ascii"), max_num_fields=MOST_FIELDS)
        except ValueError:
            return cls({})
        return cls({name: _tidy(values[0]) for name, values in sent.items()})

    @property
    def is_sure(self) -> bool:
        """Whether it was asked once more, and answered."""
        return self.fields.get("sure") == "yes"

    @property
    def goes_back(self) -> bool:
        """Whether it was asked once more, and they would rather not; what was typed is kept."""
        return "back" in self.fields

    @property
    def key(self) -> str | None:
        """What the page gave this form, the same when it is sent again."""
        found = self.fields.get("key", "")
        return found if _KEY.fullmatch(found) else None

    @property
    def step(self) -> str:
        """The step of a checklist."""
        return self.fields.get("step", "")

    def check(self, act: str, zone: ZoneInfo) -> None:
        """Raise Unreadable for what no act can be made of, before it is asked once more."""
        if act == "decline":
            self.act(act, by="", order="", zone=zone)

    def act(self, act: str, *, by: str, order: str, zone: ZoneInfo) -> OrderAct:
        """The act that is wanted of a work order, with times in `zone`; raises Unreadable, and
        KeyError for one that no form is for.
        """
        of: dict[str, Any] = {"by": by, "order": order, "form_key": self.key}
        match act:
            case "decline":
                return Decline(**of, reason=self._reason(), note=self.note())
            case "tell" | "note":
                return Note(**of, note=self._words(), public=act == "tell")
            case "pause":
                until = self._until(zone)
                return Suspend(**of, reason=self._reason(), until=until, note=self.note())
            case "more_time":
                until = self._until(zone)
                if until is None:
                    raise Unreadable("until_missing")
                return AskExtension(**of, until=until, reason=self._reason(), note=self.note())
            case "quote":
                return PutQuote(**of, items=self._items(), payer=self._payer())
            case _:
                return SIMPLE[act](**of)

    def _reason(self) -> str:
        code = self.fields.get("reason", "")
        if not _CODE.fullmatch(code):
            raise Unreadable("reason_missing")
        return code

    def note(self) -> str | None:
        """The words that were typed, scrubbed; raises Unreadable for too many."""
        words = self.fields.get("note", "")
        if len(words) > MOST_WORDS:
            raise Unreadable("note_too_long")
        return scrub(words) or None

    def _words(self) -> str:
        words = self.note()
        if words is None:
            raise Unreadable("note_missing")
        return words

    def _until(self, zone: ZoneInfo) -> datetime | None:
        typed = self.fields.get("until", "")
        if not typed:
            return None
        try:
            moment = datetime.fromisoformat(typed)
        except ValueError as error:
            raise Unreadable("until_unreadable") from error
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise Unreadable("until_refused")
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)

    def _items(self) -> tuple[Item, ...]:
        rows = (self._item(n) for n in range(1, MOST_ITEMS + 1))
        items = tuple(item for item in rows if item is not None)
        if not items:
            raise Unreadable("items_missing")
        return items

    def _item(self, n: int) -> Item | None:
        text, price = self.fields.get(f"text{n}", ""), self.fields.get(f"price{n}", "")
        if not text and not price:
            return None
        if not text or not price:
            raise Unreadable("items_missing")
        kind = _LABELS.get(self.fields.get(f"kind{n}", ""), "part")
        quantity = _whole(self.fields.get(f"quantity{n}") or "1")
        return Item(kind, scrub(text[:200]), quantity, _fen(price))

    def _payer(self) -> Payer:
        payer = self.fields.get("payer", "")
        if payer not in _PAYERS:
            raise Unreadable("items_missing")
        return cast("Payer", payer)


def _tidy(text: str) -> str:
    return legible(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _whole(typed: str) -> int:
    found = _WHOLE.fullmatch(typed)
    if found is None or int(found[1]) > MOST_OF_ONE:
        raise Unreadable("item_unreadable")
    return int(found[1])


def _fen(typed: str) -> int:
    """35.50 yuan are 3550 fen."""
    if len(typed) > LONGEST_PRICE:
        raise Unreadable("item_unreadable")
    try:
        fen = Decimal(typed.replace("，", ".").replace("¥", "")) * 100
    except ArithmeticError as error:
        raise Unreadable("item_unreadable") from error
    if not fen.is_finite() or fen != fen.to_integral_value() or not 0 <= fen <= DEAREST:
        raise Unreadable("item_unreadable")
    return int(fen)
