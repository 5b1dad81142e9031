"""Whether many report the same: requests of the last minutes by estate and area. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.policy.policy import IncidentRules

MOST_HOUSEHOLDS: Final = 1_000
"""Of one estate and area: so many are one outage, and more would only take room."""
RulesOf = Callable[[str], IncidentRules]
"""The rules as they are for an estate."""


@dataclass(frozen=True, slots=True)
class Report:
    """What matters of one request here; `household` is a keyed digest that names nobody, and
    `known_by` all those that the caller is known by: none of who named neither flat nor telephone.
    """

    number: str
    at: datetime
    estate: str
    area: str
    building: str | None
    household: str
    known_by: tuple[str, ...] = ()
    type: str = ""
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """Different households of one estate that reported one area within the policy's time. No
    `buildings` means that most did not say where: it may be all of the estate.
    """

    estate: str
    area: str
    began_at: datetime
    households: int
    buildings: tuple[str, ...]
    numbers: tuple[str, ...]


class Window:
    """The requests of the last minutes; of a household that reports again the first one counts.
    Nobody can tell whether callers who are not known are different ones, so they count for none.
    """

    def __init__(self) -> None:
        # Of a household there may be several entries, by flat and by telephone, all of its first.
        self._reports: defaultdict[tuple[str, str], dict[str, Report]] = defaultdict(dict)

    def add(self, report: Report) -> None:
        """Take a request in; the same one again changes nothing."""
        there = self._reports[report.estate, report.area]
        first = next((there[key] for key in report.known_by if key in there), None)
        if first is not None or len(there) < MOST_HOUSEHOLDS:
            for key in report.known_by:
                there.setdefault(key, first or report)

    def forget(self, estate: str, area: str, *, before: datetime) -> None:
        """Leave out what came until then: it was decided about."""
        there = self._reports.get((estate, area), {})
        self._reports[estate, area] = {h: r for h, r in there.items() if r.at > before}

    def clusters(self, rules_of: RulesOf, now: datetime) -> Iterator[Cluster]:
        """What is one outage, perhaps; what is older than the policy looks back is forgotten."""
        for (estate, area), there in list(self._reports.items()):
            rules = rules_of(estate)
            young = {h: r for h, r in there.items() if r.at > now - rules.within}
            if not young or area not in rules.areas:
                del self._reports[estate, area]
                continue
            self._reports[estate, area] = young
            households = sorted(set(young.values()), key=lambda r: (r.at, r.number))
            if len(households) >= rules.households:
                yield _cluster(estate, area, households)


def _cluster(estate: str, area: str, reports: list[Report]) -> Cluster:
    named = [report.building for report in reports if report.building is not None]
    known = 2 * len(named) > len(reports)
    return Cluster(
        estate,
        area,
        reports[0].at,
        len(reports),
        buildings=tuple(sorted(set(named))) if known else (),
        numbers=tuple(report.number for report in reports),
    )
