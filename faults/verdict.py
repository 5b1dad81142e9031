"""What a run showed: each promise with what was found, and by number why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from faults.kills import Done
from faults.outage import HEARD_SECONDS, Cry
from hotline.promises import KINDS, Finding, Findings
from hotline.promises.kinds import Group

EXPECTED_PARKED: Final = frozenset({"malformed", "conflict", "too_many"})
"""Reasons for which poison is parked, and what stands for more of it than is told by itself;
anything else would be a good message that failed.
"""
NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a run is judged by."""

    findings: Findings
    done: Sequence[Done]
    cries: Sequence[Cry]
    planned_kills: int
    expected: int
    """Tickets there must be: one for each name that was sent."""
    tickets: int
    left: Mapping[str, Sequence[object]] = field(default_factory=dict)
    """What had not settled when the wait was over."""
    troubles: Sequence[str] = ()

    @property
    def sending(self) -> set[str]:
        """Messages that were being handed over when something went wrong."""
        return {id for done in self.done for id in done.sending}

    @property
    def killed(self) -> int:
        """Processes ended by -9."""
        return sum(done.kills for done in self.done)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold, what was found, and the particulars where it does not."""

    what: str
    found: str
    holds: bool
    why: Sequence[str] = ()


def checks(facts: Facts) -> list[Check]:
    """All of them, those that hold too."""
    return [*_kept(facts), *_once(facts), *_known(facts), *_survived(facts)]


def _kept(facts: Facts) -> Iterator[Check]:
    findings = facts.findings
    yield _none("lost", findings, "lost")
    yield _none("stuck", findings, "stuck")
    yield Check("all settled in time", "yes" if not facts.left else "no", not facts.left,
                [f"{what}: {len(ids)}, such as {list(ids)[:NAMED]}"
                 for what, ids in facts.left.items()])  # fmt: skip
    yield Check("tickets, one for each report", f"{facts.tickets} of {facts.expected}",
                facts.tickets == facts.expected)  # fmt: skip
    odd = [f"{f.id}: {f.why}" for f in of_group(findings, "waiting")
           if f.why.partition(",")[0] not in EXPECTED_PARKED]  # fmt: skip
    yield Check("parked other than poison", str(len(odd)), not odd, odd)
    yield Check("senders answered amiss", str(len(facts.troubles)), not facts.troubles,
                facts.troubles)  # fmt: skip


def _once(facts: Facts) -> Iterator[Check]:
    findings = facts.findings
    yield _none("deadlines missed or fired twice", findings, "deadlines")
    yield _none("store, events and receivers disagree", findings, "disagreeing")
    yield _none("doubled, but urgent messages nobody knew of", findings, "doubled")
    yield _explained("urgent messages sent again", findings.repeated, facts)


def _known(facts: Facts) -> Iterator[Check]:
    yield _explained("unknown messages", facts.findings.unknown, facts)


def _explained(what: str, ids: Sequence[str], facts: Facts) -> Check:
    """Each was in sending at a fault, and is told with the fault it was lost at."""
    sending = facts.sending
    return Check(
        f"{what} (each of {len(sending)} in sending at the faults)", str(len(ids)),
        set(ids) <= sending,
        [f"{id}: {explanation(id, facts.done)}" for id in ids],
    )  # fmt: skip


def explanation(id: str, done: Iterable[Done]) -> str:
    """At which faults a message was being handed over."""
    at = [f"fault {d.fault.n} ({d.fault.kind} {' '.join(d.fault.targets)}".rstrip()
          + f") at {d.at:.0f} s" for d in done if id in d.sending]  # fmt: skip
    return "in sending at " + ", ".join(at) if at else "in sending at no fault"


def _survived(facts: Facts) -> Iterator[Check]:
    slow = [f"{d.fault}: {d.missing}" for d in facts.done if d.missing]
    worst = max((d.well_after - d.mended_after for d in facts.done), default=0.0)
    yield Check("every queue has its consumers after every fault",
                f"at worst {worst:.1f} s after the mending", not slow, slow)  # fmt: skip
    spared = [f"{d.fault}: {d.kills} killed" for d in facts.done if d.kills < d.fault.kills]
    yield Check("processes killed with -9", f"{facts.killed} of {facts.planned_kills} planned",
                facts.killed >= facts.planned_kills and not spared, spared)  # fmt: skip
    missed = [f"{d.fault}" for d in facts.done if d.met == 0]
    yield Check("every cut and every full queue met somebody", f"{len(missed)} met nobody",
                not missed, missed)  # fmt: skip
    if any(done.fault.kind == "no_broker" for done in facts.done):
        yield _without_broker(facts.cries)


def _without_broker(cries: Sequence[Cry]) -> Check:
    heard = [cry.heard for cry in cries if cry.heard is not None]
    slowest = f"{max(heard):.2f} s at the slowest" if heard else "never"
    return Check(
        f"emergencies without a broker reach a person within {HEARD_SECONDS:.0f} s",
        f"{len(heard)} of {len(cries)}, {slowest}",
        bool(cries) and all(cry.kept for cry in cries),
        [str(cry) for cry in cries],
    )


def _none(what: str, findings: Findings, group: Group) -> Check:
    found = of_group(findings, group)
    return Check(what, str(len(found)), not found,
                 [f"{f.id} {f.kind.code}: {f.kind.means} ({f.why})" for f in found])  # fmt: skip


def of_group(findings: Findings, group: Group) -> list[Finding]:
    """Every finding of a group."""
    return findings.of(*(kind for kind in KINDS if kind.group == group))


def recovery(done: Iterable[Done]) -> Iterator[tuple[str, int, float, float]]:
    """By kind of fault: how many, median and longest seconds until all queues had consumers."""
    by_kind: dict[str, list[float]] = {}
    for one in done:
        by_kind.setdefault(str(one.fault.kind), []).append(one.well_after)
    for kind, seconds in by_kind.items():
        yield kind, len(seconds), median(seconds), max(seconds)
