"""What sealing alone costs: the same sealer and key vault as intake's, one report after another."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench.hotline import Hotline
from bench.traffic import Traffic
from shared.privacy import Sealer, Vault, load_keys


@dataclass(frozen=True, slots=True)
class SealingCost:
    """Of one report, in microseconds: until it is sealed, and of processor time."""

    elapsed: float
    processor: float


async def cost_of_sealing(hotline: Hotline, traffic: Traffic, reports: int) -> SealingCost:
    """Seal the persons of so many reports; the keys are known before the clock starts."""
    keys = load_keys(hotline.data / "keys.json")
    vault = Vault(hotline.database.client, hotline.database.name, keys.masters.to_wrapping())
    await vault.start()
    sealer = Sealer(vault, keys.index)
    kept = [traffic.routine() for _ in range(reports)]
    for report in kept[: reports // 10]:
        await _seal(sealer, report)
    began, processor = time.perf_counter(), time.process_time()
    for report in kept:
        await _seal(sealer, report)
    micro = 1_000_000 / reports
    return SealingCost(
        elapsed=(time.perf_counter() - began) * micro,
        processor=(time.process_time() - processor) * micro,
    )


async def _seal(sealer: Sealer, report: dict[str, object]) -> None:
    caller = report["caller"]
    assert isinstance(caller, dict), "every caller of the bench says who they are"
    words = {"text": report["text"], "location": report["location"]}
    await sealer.seal_person(caller | words, estate=str(report["estate"]))
