"""The document that describes an exchange: what its names mean. Pure.

Nothing of an exchange is guessed. What its document does not name is line `unknown`, or a device
that nobody knows, and is counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from typing_extensions import override

from shared.calls.facts import Left, Party


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no pattern: {error}") from error
    return text


_DIALLED: Final = re.compile(r"\+?[0-9*#][0-9*#. ()-]{2,29}")
_LOCAL: Final = re.compile(r"[0-9]{7,8}")
"""A land line's number without its area code. Shorter ones are services', longer ones whole."""
Pattern = Annotated[str, AfterValidator(_pattern)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Trunk(_Part):
    """A line to the carrier. `devices` is a pattern of the whole name of the exchange's device.

    `area_code`: of numbers that come without one. `shows`: the land line that those see who are
    called over it, since a 400 number can only be called.
    """

    devices: Pattern
    area_code: str | None = None
    shows: str | None = None


class Called(_Part):
    """A number as this trunk names it."""

    trunk: str
    did: str


class Line(_Part):
    """A number of ours, by all the ways to call it. A `test` line's calls are in no figure."""

    called: list[Called]
    test: bool = False


class Device(_Part):
    """Agents' telephones: a pattern of the whole device name, and the extension it stands for.

    `extension` may name groups of the pattern, by a backslash and their number.
    """

    pattern: Pattern
    extension: str


class OfferedEvent(_Part):
    """Our dialplan's word on a call that comes in: whose headers say what."""

    event: str
    presentation: str | None = None
    withheld: Pattern = "prohib.*|unavailable"
    diverted: str | None = None


class LeftEvent(_Part):
    """Our dialplan's word on a caller who is out of a queue.

    `how`: what each value of the header `status` means; `always`: what the event itself means.
    """

    event: str
    status: str | None = None
    how: dict[str, Left] = Field(default_factory=dict)
    always: Left | None = None


class UserEvents(_Part):
    """The names of the events that our dialplan raises."""

    offered: OfferedEvent | None = None
    left: list[LeftEvent] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Who:
    """What a device is: one of our trunks, an agent's telephone, or nothing that is named."""

    party: Party
    trunk: str | None = None
    agent: str | None = None


class ExchangeDocument(_Part):
    """One exchange. Trunks and lines by our names for them; queues by the exchange's."""

    exchange: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    trunks: dict[str, Trunk]
    lines: dict[str, Line]
    agents: list[Device] = Field(default_factory=list)
    queues: dict[str, str] = Field(default_factory=dict)
    test_callers: list[str] = Field(default_factory=list)
    user_events: UserEvents = UserEvents()

    @cached_property
    def _line_of(self) -> Mapping[tuple[str, str], str]:
        return {(c.trunk, c.did): name for name, line in self.lines.items() for c in line.called}

    def line_of(self, trunk: str | None, did: str) -> str | None:
        """Which line is called, where this trunk calls it so."""
        return self._line_of.get((trunk or "", did))

    def whole_number(self, trunk: str | None, number: str | None) -> str | None:
        """A number as others of its country would dial it: one that comes over this trunk without
        an area code is of the trunk's own. None of what nobody could dial.
        """
        if number is None or _DIALLED.fullmatch(number) is None:
            return None  # `anonymous`, `unavailable`: a word is no number
        area = self.trunks[trunk].area_code if trunk in self.trunks else None
        is_local = _LOCAL.fullmatch(number) is not None
        return f"{area}{number}" if area and is_local else number

    def is_test(self, line: str | None, number: str | None) -> bool:
        """Whether a call is one of our own, made to see whether the line works."""
        named = self.lines.get(line or "")
        return (named is not None and named.test) or number in self.test_callers

    def who(self, device: str) -> Who:
        """What a device is. Trunks come first."""
        for name, trunk in self.trunks.items():
            if re.fullmatch(trunk.devices, device):
                return Who(Party.OUTSIDE, trunk=name)
        for telephone in self.agents:
            found = re.fullmatch(telephone.pattern, device)
            if found is not None:
                return Who(Party.AGENT, agent=found.expand(telephone.extension))
        return Who(Party.UNKNOWN)

    @override
    def model_post_init(self, _context: Any) -> None:
        """No number leads to two lines, and none over a trunk that is not there."""
        named = [(c.trunk, c.did) for line in self.lines.values() for c in line.called]
        twice = {each for each in named if named.count(each) > 1}
        if twice:
            raise ValueError(f"More than one line is called as {sorted(twice)}.")
        missing = {trunk for trunk, _ in named} - {*self.trunks}
        if missing:
            raise ValueError(f"No such trunk: {', '.join(sorted(missing))}.")
