"""To whom each alert goes, by Alertmanager's own program."""

from __future__ import annotations

import shutil
import subprocess
from typing import Final

import pytest
import yaml

from tests.watching.rulebook import PROJECT, rules

CONFIG: Final = PROJECT / "hotline" / "watching" / "alertmanager.yaml"
UNPACKED: Final = PROJECT / "build" / "prometheus-alertmanager" / "usr" / "bin" / "amtool"
ALERTS: Final = {rule["alert"]: rule["labels"] for rule in rules()}


def amtool(*words: str) -> str:
    program = shutil.which("amtool") or str(UNPACKED)
    done = subprocess.run(
        [program, *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def test_alertmanager_reads_its_configuration() -> None:
    assert "SUCCESS" in amtool("check-config", str(CONFIG))


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_an_alert_goes_to_its_team_and_the_watchdog_outside(name: str) -> None:
    labels = {"alertname": name, **ALERTS[name]}
    said = [f"{label}={value}" for label, value in labels.items()]

    to = amtool("config", "routes", "test", f"--config.file={CONFIG}", *said)

    assert to == ("outside" if name == "Watchdog" else labels["team"])


def test_what_is_held_back_and_for_what_are_alerts_that_exist() -> None:
    inhibit = yaml.safe_load(CONFIG.read_text("utf-8"))["inhibit_rules"]
    named = [
        name
        for rule in inhibit
        for matcher in (*rule["source_matchers"], *rule["target_matchers"])
        for name in matcher.partition("=")[2].strip('~"').split("|")
    ]
    assert set(named) <= set(ALERTS)
    assert len(named) > 10


def test_no_page_of_a_runbook_is_left_over_and_each_names_its_alerts() -> None:
    folder = PROJECT / "docs" / "runbooks" / "alerts"
    said: dict[str, set[str]] = {}
    for rule in rules():
        page = rule["annotations"]["runbook_url"].rsplit("/", 1)[1]
        said.setdefault(page, set()).add(rule["alert"])
    named = {
        path.name: set(path.read_text("utf-8").splitlines()[2].removeprefix("Alerts: ").split(", "))
        for path in folder.glob("*.md")
    }
    assert named == {page: {f"`{alert}`" for alert in alerts} for page, alerts in said.items()}
