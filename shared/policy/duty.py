"""Who is on duty: people by place and department, and those of them on shift. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.resources import files
from typing import Annotated, Any, Final, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.policy.documents import read_yaml

ANYWHERE: Final = "*"
"""The place whose people answer where an estate has nobody of its own."""
EMERGENCY_CHAIN: Final = "emergency_chain"
"""The department under which the group's chain is kept: called one after the other."""


def _read_webhook(address: str) -> str:
    """An address somebody's messages are posted to. It often holds a secret, so no error repeats
    it, and no password stands in it: it would be shown where addresses are.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("a webhook is an http or https address with a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a webhook holds no user name or password")
    if not address.isascii() or not address.isprintable() or " " in address:
        raise ValueError("a webhook is written without spaces and in ASCII")
    return address


Webhook = Annotated[str, AfterValidator(_read_webhook)]
_CHAT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")


def _read_chat_id(id: str) -> str:
    """An id of WeCom or DingTalk. What stands for all (`@all`) or for several is none."""
    if not _CHAT_ID.fullmatch(id):
        raise ValueError(
            "is one person's id in the chat tool: a letter or digit, then letters, digits, _ . @ - "
            "and 64 of them at most; the tool's own address book shows it"
        )
    return id


ChatId = Annotated[str, AfterValidator(_read_chat_id)]
MAIL: Final = re.compile(r"[^@\s<>,;:\"]+@([^@\s<>,;:\"]+)")
"""A mail address as far as it can be told without asking; what follows the @ is its server."""
MANAGEMENT: Final = "management"
"""The department under which those stand who manage a place: an estate, a city company, a region or
(`*`) the group.
"""


class Person(BaseModel):
    """Somebody of the duty list; `phone` is E.164 or a national number. Whoever has a `webhook`
    gets their messages there instead of by mail; so does who has an id in WeCom (`wecom`) or
    DingTalk (`dingtalk`), where the notifier has an application there. `skills` are the areas
    somebody is fit for; who names none is fit for all of them. How an `id` is written,
    `shared.contracts.ids` says, and it is judged where it is given: lists of before stay readable.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: str
    name: str
    mail: str
    phone: str = ""
    webhook: Webhook | None = None
    wecom: ChatId | None = None
    dingtalk: ChatId | None = None
    language: str = "zh"
    skills: frozenset[str] = frozenset()

    @property
    def can_be_mailed(self) -> bool:
        """Whether what stands as their mail address is one."""
        return MAIL.fullmatch(self.mail) is not None

    def is_fit_for(self, area: str) -> bool:
        """Whether somebody can do work of this area."""
        return not self.skills or area in self.skills


Address = Literal["phone", "mail", "webhook", "wecom", "dingtalk"]
"""A field of somebody of a duty list by which they are reached."""
ADDRESSES: Final[tuple[Address, ...]] = get_args(Address)


@dataclass(frozen=True, slots=True)
class LostTelephone:
    """What somebody's lost telephones took along. Since `at` their links are of this `generation`,
    and all of before are dead. Of these `addresses` nothing goes to those that stand in `values`,
    as keyed digests; where none of a kind does, which is so in documents of before, to none.
    """

    person: str
    generation: int
    at: datetime
    addresses: tuple[Address, ...] = ()
    values: tuple[str, ...] = ()

    def mutes(self, address: Address, entry: str) -> bool:
        """Whether nothing goes to the address of this kind that has this digest."""
        of_kind = digests_of(self.values, address)
        return address in self.addresses and (not of_kind or entry in of_kind)


def digest(address: Address, entry: str) -> str:
    """A keyed digest of an address of this kind, as it is kept with a loss."""
    return f"{address}:{entry}"


def digests_of(values: Iterable[str], address: Address) -> frozenset[str]:
    """Those that are of one kind."""
    return frozenset(value for value in values if value.startswith(digest(address, "")))


def without_lost(person: Mapping[str, Any], addresses: Iterable[Address]) -> dict[str, Any]:
    """Somebody's entry on a list as if they had none of these addresses. Without a mail address,
    which every entry has, it is an empty one.
    """
    gone = frozenset(addresses)
    kept = {name: value for name, value in person.items() if name not in gone}
    return kept | ({"mail": ""} if "mail" in gone else {})


class Duty(BaseModel):
    """Place (estate id or `*`) → department → people, first choice first, the lead last.

    The lead of a department is told of breaches, on shift or not. `on_shift` has the ids of those
    who are on shift now, for the lists that go by their shifts: of these nobody else is on duty.
    Nobody is there who is on leave now (`on_leave`), or whose account is `frozen`: whoever asks who
    is there asks here. Who has `lost` a telephone stands on the lists without what it took along,
    and `reach` has a keyed digest of the addresses left to them: another once they are given one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    places: Mapping[str, Mapping[str, tuple[Person, ...]]]
    on_shift: Mapping[str, Mapping[str, frozenset[str]]] = Field(default_factory=dict)
    on_leave: frozenset[str] = frozenset()
    frozen: frozenset[str] = frozenset()
    lost: Mapping[str, LostTelephone] = Field(default_factory=dict)
    reach: Mapping[str, str] = Field(default_factory=dict)

    def generation(self, id: str) -> int:
        """Of which generation somebody's links are: each lost telephone raises it."""
        found = self.lost.get(id)
        return found.generation if found is not None else 0

    def honours_link(self, person: str, generation: int) -> bool:
        """Whether links of this generation still open what they were made for: their person is on
        any list, since whoever is asked from outside a department has their work all the same, is
        not frozen, and has lost no telephone since.
        """
        is_there = self.person(person) is not None and person not in self.frozen
        return is_there and generation == self.generation(person)

    def is_away(self, id: str) -> bool:
        """Whether somebody is not there, whatever the lists and shifts say."""
        return id in self.on_leave or id in self.frozen

    def on_duty(self, estate: str | None, department: str) -> tuple[Person, ...]:
        """The people for this department, first choice first; the group's own as a fallback."""
        for place in (estate, ANYWHERE):
            if place and (people := self.at_work(place, department)):
                return people
        return ()

    def ids_for(self, estate: str | None, department: str) -> frozenset[str]:
        """Everybody who may have this department's work there: of its list at the estate or for all
        of them, and who is lent to it now.
        """
        places = [place for place in (estate, ANYWHERE) if place is not None]
        return frozenset(
            person.id
            for place in places
            for person in (*self.at(place, department), *self.at_work(place, department))
        )

    def at_work(self, place: str, department: str) -> tuple[Person, ...]:
        """Who of a list is there now: first choice first, then those lent from other lists."""
        return self._but_away(self._standing(place, department))

    def _standing(self, place: str, department: str) -> tuple[Person, ...]:
        """Whose turn it is, there or away."""
        listed = self.at(place, department)
        shift = self.on_shift.get(place, {}).get(department)
        if shift is None:
            return listed
        own = {person.id for person in listed}
        lent = (self.person(id) for id in sorted(shift - own))
        return (*(p for p in listed if p.id in shift), *(p for p in lent if p is not None))

    def _but_away(self, people: Iterable[Person]) -> tuple[Person, ...]:
        return tuple(person for person in people if not self.is_away(person.id))

    def at(self, place: str | None, department: str) -> tuple[Person, ...]:
        """The people named for just this place, on shift or not, there or away."""
        return self.places.get(place, {}).get(department, ()) if place else ()

    def answering(self, place: str | None, department: str) -> tuple[Person, ...]:
        """Those of a list who can be asked: on shift or not, but nobody who is away."""
        return self._but_away(self.at(place, department))

    def lead(self, estate: str | None, department: str) -> Person | None:
        """Who answers for the department when a limit is broken: the last of its list who is not
        away. Where all are away it is the lead all the same, since somebody has to.
        """
        places = (estate, ANYWHERE)
        there = (self.answering(place, department) for place in places)
        named = (self.at(place, department) for place in places)
        people = next(filter(None, (*there, *named)), ())
        return people[-1] if people else None

    @property
    def emergency_chain(self) -> tuple[Person, ...]:
        """Who is called next while nobody has acknowledged an alert."""
        return self.on_duty(None, EMERGENCY_CHAIN)

    def lists_of(self, id: str) -> tuple[tuple[str, str], ...]:
        """Place and department of every list that somebody stands on."""
        return tuple(
            (place, department)
            for place, departments in self.places.items()
            for department, people in departments.items()
            if any(person.id == id for person in people)
        )

    def of_departments(self, departments: Iterable[str]) -> frozenset[str]:
        """Everybody on a list of these departments, at whatever place, also who is lent to one."""
        return frozenset(
            person.id
            for department in departments
            for place, lists in self.places.items()
            for person in (*lists.get(department, ()), *self._standing(place, department))
        )

    def person(self, id: str) -> Person | None:
        """Somebody by id."""
        return self._by_id.get(id)

    @property
    def everybody(self) -> tuple[Person, ...]:
        """All who are named anywhere, each once, on shift or not."""
        return tuple(self._by_id.values())

    @cached_property
    def _by_id(self) -> Mapping[str, Person]:
        return {
            person.id: person
            for departments in self.places.values()
            for people in departments.values()
            for person in people
        }


def sample_duty() -> dict[str, Any]:
    """The duty list of the sample group, as a document."""
    text = files("shared.policy.sample").joinpath("duty.yaml").read_text("utf-8")
    return {"places": read_yaml(text)}
