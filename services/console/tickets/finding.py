"""What is looked for: the address of a search as filters, chips and choices. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from services.console.tickets.saying import Saying
from shared.codes import names
from shared.contracts.times import written
from shared.tickets.numbers import is_number, read_number

Pairs = Sequence[tuple[str, str]]
FILTERS: Final = (
    "status", "estate", "department", "type", "area", "urgency", "held", "channel", "owner",
    "over", "risk", "to_tell", "incident", "assignee",
)  # fmt: skip
OFFERED: Final = (
    "status", "estate", "department", "type", "area", "urgency", "held", "channel", "owner", "over",
)  # fmt: skip
PERIODS: Final = {"1": 1, "7": 7, "30": 30, "90": 90, "366": 366}
USUAL_PERIOD: Final = "30"
"""Of words without place or time: those of years are too many to look through."""
SORTS: Final = ("newest", "oldest", "due", "urgent")
LIMIT: Final = "50"
_PHONE: Final = re.compile(r"\+?[\d\s()-]{7,20}")
_MOBILE: Final = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_FLAT: Final = re.compile(
    r"(?<![\d-])\d{1,3}\s*(?:[-－栋幢座]|号楼?)\s*\d{1,3}\s*[-－单元]{1,3}\s*\d{2,5}室?(?![\d-])"
)


@dataclass(frozen=True, slots=True)
class Sought:
    """A search as it stands in the address."""

    q: str
    filters: Pairs
    period: str
    sort: str
    after: str | None

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was asked for yet."""
        return not (self.q or self.filters or self.period)

    @property
    def people(self) -> set[str]:
        """Whom it names."""
        return {value for name, value in self.filters if name in {"owner", "assignee"}}

    def query(self, now: datetime) -> list[tuple[str, str]]:
        """The same for the service, without the page."""
        found = [("q", self.q)] if self.q else []
        found += list(self.filters)
        if days := PERIODS.get(self.period):
            found.append(("registered_from", written(now - timedelta(days=days))))
        return found

    def page(self, now: datetime) -> list[tuple[str, str]]:
        """One page of it."""
        after = [("after", self.after)] if self.after else []
        return [*self.query(now), ("sort", self.sort), ("limit", LIMIT), *after]

    def address(self, **changed: str) -> str:
        """Where the same search is, with something changed; a cursor counts for this one alone."""
        plain = {"q": self.q, "period": self.period, "sort": self.sort, **changed}
        pairs = [*((k, v) for k, v in plain.items() if v), *self.filters]
        return f"/tickets?{urlencode(pairs)}" if pairs else "/tickets"

    def without(self, name: str, value: str) -> str:
        """The same search without one of its filters."""
        kept = [pair for pair in self.filters if pair != (name, value)]
        return Sought(self.q, kept, self.period, self.sort, None).address()


def read_search(pairs: Iterable[tuple[str, str]]) -> Sought:
    """An address as a search; what nobody knows is as nothing."""
    plain: dict[str, str] = {}
    filters: dict[tuple[str, str], None] = {}
    for name, value in pairs:
        if not (value := value.strip()[:400]):
            continue
        if name in FILTERS:
            filters[name, value] = None
        else:
            plain[name] = value
    q = plain.get("q", "")[:200]
    period = plain["period"] if plain.get("period") in PERIODS else ""
    placed = any(name == "estate" for name, _ in filters)
    if q and not period and not placed and number_in(q) is None:
        period = USUAL_PERIOD
    sort = plain["sort"] if plain.get("sort") in SORTS else SORTS[0]
    return Sought(q, tuple(filters), period, sort, plain.get("after"))


def number_in(q: str) -> str | None:
    """The ticket's number that somebody typed, if it is one."""
    number = read_number(q.strip())
    return number if is_number(number) else None


def person_in(q: str, saying: Saying) -> Mapping[str, str] | None:
    """By whom this looks: a telephone number, or a flat and its estate, which stand in no address,
    as fields of the look-up by caller; None where it is nobody.
    """
    plain = q.strip()
    if _PHONE.fullmatch(plain) is not None:
        return {"phone": plain}
    if found := _MOBILE.search(plain):
        return {"phone": found.group()}
    if (found := _FLAT.search(plain)) is None:
        return None
    at = [
        id
        for id, both in saying.names.estates.items()
        if any(name in plain for name in (*both.values(), *saying.names.aliases.get(id, ())))
    ]
    return {"flat": found.group(), "estate": at[0] if len(at) == 1 else ""}


def chips_of(sought: Sought, saying: Saying, me: str) -> list[dict[str, str]]:
    """What the list is narrowed by; each leads to the list without it."""
    found = [
        {
            "label": saying.t[f"filter_{name}"],
            "value": _called(name, value, saying, me),
            "without": sought.without(name, value),
        }
        for name, value in sought.filters
    ]
    if sought.period:
        found.append({
            "label": saying.t["filter_period"],
            "value": saying.t[f"period_{sought.period}"],
            "without": sought.address(period=""),
        })  # fmt: skip
    return found


def choices_of(sought: Sought, saying: Saying, me: str) -> list[dict[str, Any]]:
    """By what it may be narrowed further."""
    taken = set(sought.filters)
    lists = _lists(saying, me)
    return [
        {
            "name": name,
            "label": saying.t[f"filter_{name}"],
            "options": [
                (value, called) for value, called in lists[name] if (name, value) not in taken
            ],
        }
        for name in OFFERED
    ]


def _lists(saying: Saying, me: str) -> Mapping[str, Sequence[tuple[str, str]]]:
    known = saying.names
    policy = {
        "estate": known.estates,
        "department": known.departments,
        "type": known.types,
        "area": known.areas,
        "urgency": known.urgencies,
    }
    codes = {"status": "ticket_statuses", "held": "held_reasons", "channel": "channels"}
    return {
        **{
            name: [(id, both[saying.language]) for id, both in table.items()]
            for name, table in policy.items()
        },
        **{
            name: [(code, saying.code(table, code)) for code in names(table)]
            for name, table in codes.items()
        },
        "owner": [(me, saying.t["me"])],
        "over": [("false", saying.t["over_false"]), ("true", saying.t["over_true"])],
    }


def _called(name: str, value: str, saying: Saying, me: str) -> str:
    known = dict(_lists(saying, me).get(name, ()))
    if name in {"risk", "to_tell"}:
        return saying.t["yes"] if value == "true" else saying.t["no"]
    return known.get(value) or (saying.who(value) if name in {"owner", "assignee"} else value)
