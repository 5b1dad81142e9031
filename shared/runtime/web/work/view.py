"""What somebody with work is shown, and what they can do now: a value, whoever made it.

It holds nothing of a caller but their scrubbed words, and knows no rule: `can` is what the domain
allows. Which of it is the one next thing to do is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from shared.policy.templates import Language

Act = Literal[
    "acknowledge",
    "accept",
    "decline",
    "set_out",
    "arrive",
    "check",
    "release",
    "end",
    "tell",
    "note",
    "pause",
    "resume",
    "more_time",
    "quote",
    "photo",
    "done",
    "confirm_cancel",
]
"""What a page lets its reader do; a note is a `note` for the staff, or it may `tell` the owner."""
ACTS: Final[tuple[Act, ...]] = get_args(Act)
SURE_FIRST: Final[frozenset[Act]] = frozenset({"decline", "end", "confirm_cancel"})
"""What cannot be taken back is asked once more."""
DECLINE_REASONS: Final = ("busy", "far", "no_skill", "no_tools", "not_ours")
PAUSE_REASONS: Final = ("access", "parts", "weather", "third_party")
MORE_TIME_REASONS: Final = ("parts", "access", "weather", "third_party", "more_work")
"""Codes; the page has words for them in both languages."""
ITEM_KINDS: Final = ("part", "labour", "fee")
PAYERS: Final = ("owner", "group", "warranty")
ITEM_ROWS: Final = 4
"""Lines of a quote's form; most quotes have two, and a page without scripts cannot grow."""
_NEXT: Final[tuple[Act, ...]] = (
    "acknowledge",
    "accept",
    "set_out",
    "arrive",
    "release",
    "end",
    "resume",
    "photo",
    "done",
)
"""In the order in which work goes; a photo comes before its end only where one is wanted."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name in both languages."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        """In the reader's."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Time:
    """A time by the code of its clock."""

    of: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was said on the way, in scrubbed words. `public`: the owner may be told; what
    becomes of it is `fate`, at `tell_at`.
    """

    at: datetime
    words: str
    public: bool = False
    fate: Literal["told", "waits", "replaced", "dropped"] = "told"
    tell_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """The work comes again: in which round, and what the resident said why, where they did, or
    that a danger was told.
    """

    round: int
    words: str = ""
    is_danger: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Why the work waits, as a code, and until when."""

    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class MoreTime:
    """The later time that was asked for and is not decided, and why, as a code."""

    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Cost:
    """The quote that counts, in fen; `agreed` None while the owner has not answered, `asked` where
    they have to.
    """

    total: int
    payer: str
    asked: bool
    agreed: bool | None

    @property
    def yuan(self) -> str:
        """12345 fen are 123.45 yuan."""
        return f"{self.total // 100}.{self.total % 100:02}"


@dataclass(frozen=True, slots=True)
class PlanStep:
    """A step of the plan's checklist."""

    id: str
    name: Named
    is_done: bool


@dataclass(frozen=True, slots=True)
class Advised:
    """One part of the advice: what to say to people, to ask them, and to do."""

    part: Literal["say", "ask", "do"]
    words: Named


@dataclass(frozen=True, slots=True)
class Danger:
    """The emergency as it runs. `taken` is by whom: the reader, or somebody else; `is_slow` where
    everybody was called again and again, and nobody has it, `tells_superior` where there is a
    superior who is told so.
    """

    advice: tuple[Advised, ...]
    steps: tuple[PlanStep, ...]
    taken: Literal["nobody", "reader", "other"]
    reader_is_there: bool
    is_released: bool
    is_over: bool
    is_slow: bool = False
    tells_superior: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkView:
    """One matter for one reader. `status` is the code of their order's, or of how far they have
    come; None for who was alerted, has none and is not there. `can` is what may be done now;
    flat and number open here only once the work is accepted where it `opens_after_accept`. Work in
    hand that `waits_for_danger` is ended only once that is over.
    """

    number: str
    what: Named
    now: datetime
    kind: Named | None = None
    estate: Named | None = None
    building: str = ""
    place: str = ""
    words: str = ""
    added: tuple[Said, ...] = ()
    notes: tuple[Said, ...] = ()
    is_drill: bool = False
    status: str | None = None
    promised: tuple[Time, ...] = ()
    clocks: tuple[Time, ...] = ()
    again: Again | None = None
    wants_cancel: bool = False
    pause: Pause | None = None
    more_time: MoreTime | None = None
    cost: Cost | None = None
    photos: int = 0
    photos_can_be_seen: bool = False
    lacks_photo: bool = False
    danger: Danger | None = None
    waits_for_danger: bool = False
    opens_after_accept: bool = False
    can: frozenset[Act] = frozenset()

    @property
    def next_act(self) -> Act | None:
        """The one next thing to do, where there is one; of two that say the same, the larger."""
        fit = (act for act in _NEXT if act in self.can)
        return next((act for act in fit if act != "photo" or self.lacks_photo), None)

    @property
    def more(self) -> tuple[Act, ...]:
        """What else can be done. Who acknowledges an alert accepts their work by it, and the
        checklist is ticked off where it stands.
        """
        said = {self.next_act, "check", "photo"}
        if self.next_act == "acknowledge":
            said.add("accept")
        return tuple(act for act in ACTS if act in self.can and act not in said)

    def recorded_as(self, act: Act) -> str:
        """What the page says is on record after an act, as a code: of what the owner is to read
        whether it goes out at once, waits, or is only kept.
        """
        if act != "tell":
            return act
        last = next((note for note in reversed(self.notes) if note.public), None)
        if last is None or last.tell_at is None:
            return "tell_kept"
        return "tell_waits" if last.fate == "waits" else "tell"

    @property
    def steps_left(self) -> int:
        """How many items of the plan's checklist are not done."""
        return sum(not step.is_done for step in self.danger.steps) if self.danger else 0

    @property
    def is_over(self) -> bool:
        """Whether nothing more is the reader's to do."""
        return not self.can - {"check", "note", "tell"}
