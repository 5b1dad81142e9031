"""The console: what open pages cost while nothing happens and while something does, how soon a
change is on the screen, what a first view weighs, how soon the desk has judged what is typed, and
the lists behind the pages beside a store of many tickets.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx
from rich.console import Console

from bench import complaints
from bench.browsers import CONSOLE, Sitting, Watcher, first_view, sit_down, watching
from bench.hotline import Broken, Hotline, bench_servers, running_hotline
from bench.lists import Look, p95_of
from bench.past import UNKNOWN_PLACE, live_through, multiply
from bench.plan import Plan
from bench.processes import cpu_seconds
from bench.results import Line, Result
from bench.slices import percentile
from bench.traffic import Traffic
from hotline.demo.clients import Clients

IDLE_SHARE: Final = 2.0
BUSY_SHARE: Final = 5.0
"""Of one core, in percent."""
MEGABYTES: Final = 100.0
ROUTINE_MS: Final = 500.0
URGENT_MS: Final = 300.0
UPDATE_KB: Final = 2.0
FIRST_VIEW_KB: Final = 60.0
LOOK_MS: Final = 30.0
LIST_MS: Final = 120.0
SETTLE_SECONDS: Final = 3.0
EVERY_SECONDS: Final = 1.0
CALM_SECONDS: Final = 10.0
"""An answer's wake: so long after everything was started or written nothing is measured."""

_WORDS: Final = quote("水龙头")
LOOKS: Final = (
    Look("intake", "/v1/tickets?fields=card", role="agent"),
    Look("intake", "/v1/tickets?fields=card&sort=urgent", role="agent"),
    Look("intake", "/v1/tickets?fields=card&sort=due&estate=jinyuan", role="agent"),
    Look("intake", "/v1/tickets?fields=card&sort=oldest&over=false", role="agent"),
    Look("intake", f"/v1/tickets?fields=card&q={_WORDS}&estate=jinyuan", role="agent"),
    Look("intake", f"/v1/tickets?fields=card&q={_WORDS}&estate=jinyuan", role="agent", deep=True),
    Look("intake", "/v1/tickets?fields=card&owner=bench-agent-1&over=false", role="agent"),
    Look("intake", "/v1/tickets?fields=card&to_tell=true", role="agent"),
    Look("intake", "/v1/tickets/counts?over=false", role="agent"),
    Look("intake", f"/v1/tickets/counts?q={_WORDS}&estate=jinyuan", role="agent"),
    Look("router", "/v1/manual-queue", role="agent"),
    Look("router", "/v1/follow-ups?mine=true", role="agent"),
    Look("router", "/v1/emergencies?running=true", role="agent"),
    Look("router", "/v1/incidents?status=offered", role="agent"),
    Look("router", "/v1/work-orders?mine=true", role="department", place="jinyuan",
         department="engineering"),
)  # fmt: skip
"""What the pages ask for when they show a list."""
PAGES: Final = (
    "/desk", "/queue", "/mine", "/emergencies", f"/tickets?q={_WORDS}&estate=jinyuan",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Live:
    """What open pages cost, and how soon they had what changed."""

    idle_share: float
    busy_share: float
    megabytes: float
    update_bytes: float
    taken: Mapping[str, Sequence[float]]
    """Milliseconds from the answer to the frame, of every page, by lane."""
    missed: int


async def measure(plan: Plan, console: Console) -> Result:
    """A store with a past, agents who sit down, and what they see."""
    with bench_servers() as servers:
        async with running_hotline(servers) as hotline:
            await hotline.start(CONSOLE)
            async with Clients(hotline.endpoints, hotline.data) as clients:
                past = await live_through(hotline, clients, Traffic(plan.seed))
                numbers = await multiply(hotline, past, plan.tickets_large, plan.seed, console)
                console.print(f"[dim]console: {plan.streams} agents sit down[/]")
                sittings = await sit_down(hotline, clients, plan.streams)
                lists = {
                    look: await p95_of(hotline, look, numbers, plan.list_requests) for look in LOOKS
                }
                pages = await _pages(hotline, sittings, plan)
                await asyncio.sleep(min(CALM_SECONDS, plan.idle_seconds))
                live = await _live(hotline, clients, sittings, plan, console)
            hotline.check()
            return _result(hotline, plan, live, lists, pages)


async def _live(
    hotline: Hotline, clients: Clients, sittings: Sequence[Sitting], plan: Plan, console: Console
) -> Live:
    url, process = hotline.endpoints.services[CONSOLE], hotline.processes[CONSOLE]
    async with watching(url, sittings) as watchers:
        await asyncio.sleep(SETTLE_SECONDS)
        followed = set.intersection(*(each.follows() for each in watchers))
        console.print(
            f"[dim]console: {len(watchers)} streams follow {', '.join(sorted(followed))}[/]"
        )
        idle = await _share(process.pid, asyncio.sleep(plan.idle_seconds))
        for each in watchers:
            each.frames.clear()
        traffic, asked = Traffic(plan.seed + 3), list[tuple[str, str, float]]()
        busy = await _share(process.pid, _once_a_second(clients, traffic, plan, asked))
        await asyncio.sleep(SETTLE_SECONDS)
        taken, missed = _taken(watchers, asked, followed)
        sizes = [len(d) for each in watchers for _, event, d in each.frames if event == "cards"]
        update = sum(sizes) / max(len(sizes), 1)
        return Live(idle, busy, process.megabytes, update, taken, missed)


async def _share(pid: int, doing: Any) -> float:
    """Percent of a core that a process uses meanwhile."""
    began, before = time.monotonic(), cpu_seconds(pid)
    await doing
    return (cpu_seconds(pid) - before) / (time.monotonic() - began) * 100


async def _once_a_second(
    clients: Clients, traffic: Traffic, plan: Plan, asked: list[tuple[str, str, float]]
) -> None:
    """One change a second: an emergency, then a request that waits for a person, in turns."""
    until, n = time.monotonic() + plan.live_seconds, 0
    while time.monotonic() < until:
        next_at = time.monotonic() + EVERY_SECONDS
        lane, report = ("urgent", traffic.emergency()) if n % 2 == 0 else ("routine", UNKNOWN_PLACE)
        found = await clients.post_ticket(report)
        asked.append((lane, str(found["number"]), time.monotonic()))
        n += 1
        await asyncio.sleep(max(0.0, next_at - time.monotonic()))


def _taken(
    watchers: Sequence[Watcher], asked: Sequence[tuple[str, str, float]], followed: set[str]
) -> tuple[dict[str, list[float]], int]:
    """How long each page waited, in milliseconds, and how often one waited for nothing."""
    topic = {"urgent": "emergencies", "routine": "queue"}
    taken: dict[str, list[float]] = {"urgent": [], "routine": []}
    missed = 0
    for lane, number, at in asked:
        if topic[lane] not in followed:
            continue
        for each in watchers:
            # The newest of a long queue stands on a page further on: its length is what is seen.
            seen = each.sees(number) if lane == "urgent" else each.hears(topic[lane], at)
            if seen is None:
                missed += 1
            else:
                taken[lane].append(max(0.0, seen - at) * 1000)
    return taken, missed


async def _pages(hotline: Hotline, sittings: Sequence[Sitting], plan: Plan) -> dict[str, Any]:
    """The weight of each page's first view, how soon it is made, and how soon the desk judges;
    a page that is not there is left out.
    """
    url = hotline.endpoints.services[CONSOLE]
    weights: dict[str, float] = {}
    made: dict[str, float] = {}
    async with httpx.AsyncClient(base_url=url, headers=sittings[0].headers, timeout=60) as ask:
        for path in PAGES:
            if (await ask.get(path)).status_code == httpx.codes.NOT_FOUND:
                continue
            weights[path] = sum((await first_view(ask, path)).values()) / 1000
            made[path] = await _p95(ask, "GET", [(path, {}, sittings[0])] * plan.list_requests)
        looks = _what_is_typed(sittings, plan) if "/desk" in made else []
        look = await _p95(ask, "POST", looks) if looks else None
    return {"first_view_kb": weights, "pages_p95_ms": made, "look_p95_ms": look}


def _what_is_typed(
    sittings: Sequence[Sitting], plan: Plan
) -> list[tuple[str, dict[str, str], Sitting]]:
    """Calls at the desk, each in another browser: nobody types five a second."""
    traffic = Traffic(plan.seed + 4)
    typed = []
    for n in range(plan.list_requests):
        report = traffic.routine()
        form = {"text": report["text"], "estate": report["estate"], "language": "zh"}
        typed.append(("/desk/look", form, sittings[n % len(sittings)]))
    return typed


async def _p95(
    ask: httpx.AsyncClient, method: str, wanted: Sequence[tuple[str, dict[str, str], Sitting]]
) -> float:
    taken = []
    for path, form, sitting in wanted:
        more = {**sitting.headers, **({"hx-request": "true"} if form else {})}
        began = time.monotonic()
        answer = await ask.request(method, path, data=form or None, headers=more)
        taken.append((time.monotonic() - began) * 1000)
        if answer.is_error:
            raise Broken(f"{path}: {answer.status_code} {answer.text[:200]}")
    return percentile(taken, 95)


def _result(
    hotline: Hotline, plan: Plan, live: Live, lists: Mapping[Look, float], pages: Mapping[str, Any]
) -> Result:
    slowest = max(lists.values())
    heaviest = max(pages["first_view_kb"].values())
    result = Result(
        figures={
            "console_idle_share": live.idle_share,
            "console_busy_share": live.busy_share,
            "console_mb": live.megabytes,
            "console_first_view_kb": heaviest,
            "console_list_p95_ms": slowest,
        }
    )
    result.lines = [
        _line(f"console: {plan.streams} open pages, idle, of a core", live.idle_share, "%",
              IDLE_SHARE),
        _line("console: one update a second, of a core", live.busy_share, "%", BUSY_SHARE),
        _line("console: memory", live.megabytes, "MB", MEGABYTES),
        _line("console: an update of one page", live.update_bytes / 1000, "kB", UPDATE_KB),
        *_change_lines(result, live),
        _line("console: heaviest first view, gz", heaviest, "kB", FIRST_VIEW_KB),
        *_look_line(result, pages["look_p95_ms"]),
        _line(f"slowest list of {plan.tickets_large:,} tickets, p95", slowest, "ms", LIST_MS),
        *(Line(f"  {look}", f"{ms:.0f} ms") for look, ms in lists.items()),
        *(Line(f"  page {path}, p95", f"{ms:.0f} ms") for path, ms in
          pages["pages_p95_ms"].items()),
    ]  # fmt: skip
    if live.missed:
        result.broken.append(f"{live.missed} times an open page was not told of a change")
    result.details = {
        **pages,
        "lists_p95_ms": {str(look): ms for look, ms in lists.items()},
        "streams": plan.streams,
    }
    complaints.tell(result, hotline.complaints())
    return result


def _change_lines(result: Result, live: Live) -> list[Line]:
    goals = {"urgent": URGENT_MS, "routine": ROUTINE_MS}
    lines = []
    for lane, taken in live.taken.items():
        if not taken:
            continue
        half, most = percentile(taken, 50), percentile(taken, 95)
        result.figures[f"console_{lane}_p95_ms"] = most
        lines.append(
            Line(f"console: {lane} change → page, p50, p95", f"{half:.0f} ms, {most:.0f} ms",
                 f"≤ {goals[lane]:.0f}", most <= goals[lane])
        )  # fmt: skip
    return lines


def _look_line(result: Result, look: float | None) -> list[Line]:
    if look is None:
        return []
    result.figures["console_look_p95_ms"] = look
    return [_line("console: what is typed is judged, p95", look, "ms", LOOK_MS)]


def _line(subject: str, value: float, unit: str, goal: float) -> Line:
    return Line(subject, f"{value:.1f} {unit}", f"≤ {goal:.0f} {unit}", value <= goal)
