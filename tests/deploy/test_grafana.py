"""Grafana of compose finds our boards, and its data source is the one they ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
PROVISIONING: Final = DEPLOY / "grafana" / "provisioning"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def test_boards_are_mounted_where_grafana_is_told_to_look() -> None:
    compose = read(DEPLOY / "compose.yaml")["services"]["grafana"]
    [provider] = read(PROVISIONING / "dashboards" / "estateline.yaml")["providers"]
    mounted = dict(volume.split(":")[:2] for volume in compose["volumes"])

    assert mounted["./grafana/dashboards"] == provider["options"]["path"]
    assert mounted["./grafana/provisioning"] == "/etc/grafana/provisioning"
    assert provider["allowUiUpdates"] is False


def test_its_data_source_is_prometheus_of_compose() -> None:
    [source] = read(PROVISIONING / "datasources" / "prometheus.yaml")["datasources"]
    assert (source["type"], source["isDefault"]) == ("prometheus", True)
    assert source["url"] == "http://prometheus:9090"
