"""Asks Prometheus for what a board shows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from hotline.errors import HotlineError
from hotline.watching.board import Board, Panel

SECONDS = 10.0
AT_ONCE = 4
MOST_VALUES = 12


class PrometheusAway(HotlineError):
    """Prometheus does not answer as it should."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a panel, and what it is of."""

    of: str
    value: float
    is_bad: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel with its values at one moment, those that are bad first; there may be none."""

    panel: Panel
    values: tuple[Value, ...]

    @property
    def is_bad(self) -> bool:
        """Whether somebody should look."""
        return any(value.is_bad for value in self.values)


def ask(prometheus: str, board: Board, *, at: float | None = None) -> list[Shown]:
    """All panels of a board, now or `at` a moment (Unix seconds); raises PrometheusAway."""
    with (
        httpx.Client(base_url=prometheus, timeout=SECONDS, trust_env=False) as client,
        ThreadPoolExecutor(AT_ONCE) as side_by_side,
    ):
        return [*side_by_side.map(lambda panel: _ask(client, panel, at), board.panels)]


def _ask(client: httpx.Client, panel: Panel, at: float | None) -> Shown:
    moment = {} if at is None else {"time": str(at)}
    try:
        answer = client.post("/api/v1/query", data={"query": panel.query, **moment})
        found = answer.raise_for_status().json()["data"]["result"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise PrometheusAway(
            f"Prometheus at {client.base_url} does not answer ({type(error).__name__}). See that "
            "it runs, or name another with --prometheus."
        ) from error
    values = (
        Value(
            each["metric"].get(panel.by or "", ""),
            value := float(each["value"][1]),
            panel.is_bad(value),
        )
        for each in found
    )
    return Shown(panel, tuple(_worst_first(values)))


def _worst_first(values: Iterable[Value]) -> list[Value]:
    known = [value for value in values if not math.isnan(value.value)]
    return sorted(known, key=lambda each: (not each.is_bad, each.of))
