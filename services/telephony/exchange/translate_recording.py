"""A stream that was written down, and the calls in it. Pure.

Before each block stands `# recv` and the listener's time, and `# connected` where a connection
begins; of a stream without them the exchange's greeting and times do. What stands in it is taken
by time: of blocks that were mixed up, or came twice, it tells the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.telephony.exchange.translate import Translator
from services.telephony.exchange.translate_blocks import Block, block_of
from services.telephony.exchange.translate_clock import time_of
from services.telephony.exchange.translate_document import ExchangeDocument
from services.telephony.exchange.translate_events import Told
from shared.calls.agents import Membership, Reachable
from shared.calls.call import Call
from shared.calls.facts import Fact
from shared.calls.fold import fold_all, missed
from shared.calls.gaps import Gap, unheard

_HEARD: Final = b"# recv "
_CONNECTED: Final = (b"# connected", b"Asterisk Call Manager/")
_NEW_CONNECTION: Final[Block] = {"Connection": "new"}
_FIRST_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Heard:
    """One block, and when the listener had it."""

    at: datetime
    block: Block


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a recording tells. `missed`: calls that were heard, but not from their beginning."""

    calls: list[Call]
    gaps: list[Gap]
    facts: list[Fact]
    missed: set[str]
    counts: dict[str, int]
    unnamed: frozenset[str] = frozenset()
    """Some devices that the document does not name."""


def heard_in(recording: bytes) -> list[Heard]:
    """The blocks of a recording, each once, in the order in which the exchange sent them."""
    blocks = list(_blocks(recording.replace(b"\r", b"")))
    delays = [heard.at - at for heard in blocks if (at := _told_at(heard)) is not None]
    offset = min(delays, default=timedelta())
    once: dict[tuple[datetime, tuple[tuple[str, str], ...]], Heard] = {}
    for heard in blocks:
        at = _told_at(heard)
        key = heard.at - offset if at is None else at
        once.setdefault((key, tuple(sorted(heard.block.items()))), heard)
    return [once[key] for key in sorted(once, key=lambda key: key[0])]


def facts_in(
    recording: bytes, document: ExchangeDocument, listener: str = "1"
) -> tuple[list[Fact], list[Gap], dict[str, int]]:
    """The facts that one listener would have told, the gaps, and what was counted."""
    return _heard(recording, Translator(document, listener))


def _heard(
    recording: bytes, translator: Translator
) -> tuple[list[Fact], list[Gap], dict[str, int]]:
    told = [*_told_in(recording, translator)]
    facts = [each for each in told if isinstance(each, Fact)]
    gaps = [each for each in told if isinstance(each, Gap)]
    return facts, gaps, {why: n for why, n in sorted(translator.counts.items()) if n}


def members_in(
    recording: bytes, document: ExchangeDocument
) -> tuple[list[Membership], list[Reachable]]:
    """How agents stood in their queues, and which devices the exchange reached."""
    told = [*_told_in(recording, Translator(document))]
    members = [each for each in told if isinstance(each, Membership)]
    return members, [each for each in told if isinstance(each, Reachable)]


def read_recording(recording: bytes, document: ExchangeDocument) -> Recorded:
    """The calls in what one listener heard."""
    translator = Translator(document, "1")
    facts, told, counts = _heard(recording, translator)
    gaps = unheard(told, {"1"})
    calls = fold_all(facts, gaps)
    return Recorded(calls, gaps, facts, missed(facts), counts, frozenset(translator.unnamed))


def _told_in(recording: bytes, translator: Translator) -> Iterator[Told | Gap]:
    for heard in heard_in(recording):
        if heard.block is _NEW_CONNECTION:
            translator.connect()
        yield from translator.take(heard.block, heard.at)


def _blocks(recording: bytes) -> Iterator[Heard]:
    heard_at, told_at = None, _FIRST_TIME
    for paragraph in recording.split(b"\n\n"):
        lines = []
        for line in paragraph.split(b"\n"):
            if line.startswith(_HEARD):
                heard_at = time_of(_padded(line.removeprefix(_HEARD))) or heard_at
            elif line.startswith(_CONNECTED):
                yield Heard(heard_at or told_at, _NEW_CONNECTION)
            elif not line.startswith(b"#"):
                lines.append(line)
        block = block_of(b"\n".join(lines))
        if block:
            told_at = time_of(block.get("Timestamp", "")) or told_at
            yield Heard(heard_at or told_at, block)


def _told_at(heard: Heard) -> datetime | None:
    return time_of(heard.block.get("Timestamp", ""))


def _padded(time: bytes) -> str:
    """The listener's time, with microseconds however many of its digits were written."""
    whole, _, part = time.decode("ascii", "replace").strip().partition(".")
    return f"{whole}.{part[:6]:0<6}"


def lines_of(calls: Iterable[Call]) -> Iterator[dict[str, object]]:
    """What is printed of a call. Calls of our own that test a line are in no figure, nor here."""
    for call in calls:
        if not call.test:
            yield {
                "offered_at": call.offered_at.isoformat(timespec="microseconds"),
                "outcome": call.outcome,
                "wait_s": None if call.wait_s is None else round(call.wait_s, 3),
                "talk_s": round(call.talk_s, 3),
                "agent": call.agent,
                "agents": list(call.agents),
                "transfers": [
                    {
                        "kind": transfer.kind,
                        "by": transfer.by,
                        "to": transfer.to_agent or transfer.to_queue or transfer.to,
                        "reached": transfer.reached,
                    }
                    for transfer in call.transfers
                ],
                "line": call.line,
                "incomplete": call.incomplete,
            }
