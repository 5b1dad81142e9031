"""Alerts tried by promtool: series go in, the names of what rings come out."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

PROJECT: Final = Path(__file__).parents[2]
RULES: Final = sorted((PROJECT / "hotline" / "watching" / "rules").glob("*.yaml"))
UNPACKED: Final = PROJECT / "build" / "prometheus" / "usr" / "bin"
JOBS: Final = ("intake", "router", "notifier", "survey", "admin", "telephony", "console")
SIX_HOURS: Final = 6 * 240
"""Samples, one each 15 seconds."""

WELL: Final[Mapping[str, str]] = {
    **{f'up{{job="{job}",instance="{job}-1"}}': "1" for job in JOBS},
    'hotline_agents{job="telephony",state="ready"}': "3",
    'hotline_agents{job="telephony",state="talking"}': "1",
    'hotline_callbacks_overdue{job="telephony"}': "0",
    'hotline_emergencies_open{job="router",acknowledged="no"}': "0",
    'hotline_outbox_oldest_seconds{job="router"}': "0",
    'hotline_outbox_oldest_seconds{job="intake"}': "0",
    'hotline_store_reachable{job="intake",instance="intake-1"}': "1",
    'hotline_consuming{job="router",queue="router.tickets.urgent"}': "1",
    'hotline_data_free_bytes{job="admin"}': "90000000000",
    'hotline_pbx_facts_total{job="telephony",pbx="main",outcome="used"}': "0+1",
    'hotline_pbx_connected{job="exchange",pbx="main"}': "1",
}
"""All is well, and stays so."""


def program(name: str) -> str:
    """One of Prometheus' programs; `deploy/setup.sh dev` unpacks them."""
    return shutil.which(name) or str(UNPACKED / name)


def rules() -> Iterator[dict[str, Any]]:
    """Every alert of ours, as it stands in its file."""
    for path in RULES:
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]:
            yield from group["rules"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is otherwise than well, as promtool writes series (`1x20 0x20`; without a number of
    samples it stays so), what is `without`, and what rings at which moment.
    """

    says: str
    rings: Mapping[str, Sequence[str]]
    series: Mapping[str, str] = field(default_factory=dict)
    without: str = ""
    """Series that begin so are not there."""

    def tried(self, folder: Path) -> str:
        """Nothing, or in what promtool finds it different."""
        known = {n: v for n, v in WELL.items() if not self.without or self.without not in n}
        series = [
            {"series": name, "values": _lasting(values)}
            for name, values in {**known, **self.series}.items()
        ]
        wanted = [
            {
                "expr": 'group by (alertname) (ALERTS{alertstate="firing",alertname!="Watchdog"})',
                "eval_time": at,
                "exp_samples": [
                    {"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(names)
                ],
            }
            for at, names in self.rings.items()
        ]
        test = {
            "rule_files": [str(path) for path in RULES],
            "evaluation_interval": "15s",
            "tests": [{"interval": "15s", "input_series": series, "promql_expr_test": wanted}],
        }
        path = folder / "test.yml"
        path.write_text(yaml.safe_dump(test), encoding="utf-8")
        done = subprocess.run(
            [program("promtool"), "test", "rules", str(path)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return "" if done.returncode == 0 else done.stdout + done.stderr


def _lasting(values: str) -> str:
    """`0` is 0 and `0+1` grows all the time; what names numbers of samples is as it is."""
    if "x" in values or "_" in values:
        return values
    return f"{values}x{SIX_HOURS}"
