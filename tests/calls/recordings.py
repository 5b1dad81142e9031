"""The recordings of a real exchange, and what its callers counted themselves."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from services.telephony.exchange.translate_document import ExchangeDocument

DATA: Final = Path(__file__).parents[1] / "data" / "telephony"
WHOLE: Final = (
    "day",
    "two-queues",
    "transfers",
    "numbers",
    "outbound",
    "standby",
    "wrapup",
    "wrapup-unfenced",
    "smoke",
    "load-patient",
)
"""Runs that were heard from end to end."""


_WORDS: Final = {
    "gave_up": {
        "greeting": "abandoned_greeting",
        "same number, gives up": "abandoned_greeting",
        "": "abandoned",
    },
    "let_go_by_pbx": {
        "killed": "lost",
        "let go": "timed_out",
        "call back": "callback_asked",
        "closed": "closed",
        "small line": "blocked",
    },
}
"""Of the callers whom nobody answered: what was noted of them → what became of the call."""


@dataclass(frozen=True)
class Leg:
    """What an agent's telephone did."""

    agent: str
    lab: str
    outcome: str
    spoke: bool
    """Of telephones that all ring, one may be picked up a moment too late."""
    transfer: str | None
    done: bool


@cache
def stream(run: str, name: str = "events.ami") -> bytes:
    return gzip.decompress((DATA / run / f"{name}.gz").read_bytes())


@cache
def truth(run: str) -> tuple[dict[str, Any], ...]:
    lines = (DATA / run / "truth.jsonl").read_text("utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


def callers(run: str) -> list[dict[str, Any]]:
    return [row for row in truth(run) if row["kind"] == "call"]


def legs(run: str) -> list[Leg]:
    return [
        Leg(
            row["agent"],
            row["lab"],
            row["outcome"],
            row["outcome"] == "answered" and row["t_end"] - row["t_answer"] > 0.01,
            row.get("transfer"),
            row.get("transfer_result") == "done",
        )
        for row in truth(run)
        if row["kind"] == "leg"
    ]


def transfers_told(run: str) -> set[tuple[str, str, str, bool]]:
    """Of which caller, by whom, how, and whether it went through, as the telephones say."""
    told = {(leg.lab, leg.agent, leg.transfer, leg.done) for leg in legs(run) if leg.transfer}
    if run == "transfers":
        # Two were never completed, and one was ordered of the exchange, past the telephone.
        told -= {(f"transfers-0{n}", "8001", "attended", False) for n in ("09", "11")}
        told |= {("transfers-012", "8001", "blind", True)}
    return told


def described() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((DATA / "exchange.yaml").read_text("utf-8"))
    return document


def document() -> ExchangeDocument:
    return ExchangeDocument.model_validate(described())


def expected_outcome(row: dict[str, Any]) -> str:
    """The one table from what a caller counted to what became of the call."""
    if row["outcome"] in {"answered", "refused_404"}:
        return {"answered": "answered", "refused_404": "blocked"}[row["outcome"]]
    words = _WORDS[row["outcome"]]
    return next(outcome for word, outcome in words.items() if word in row["note"])
