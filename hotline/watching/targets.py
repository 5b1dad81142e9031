"""What Prometheus and Alertmanager of `hotline up --watch` are told: the same rules and the same
tree as in production, other addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from hotline.embedded.folder import write_json

RULES: Final = Path(str(files("hotline.watching") / "rules"))
RUNBOOKS: Final = "docs/runbooks/alerts"
"""Where they lie in a checkout."""
EVERY: Final = "5s"


def prometheus_settings(
    targets: Path, *, router: str, broker: str | None, alertmanager: str
) -> dict[str, Any]:
    """Scrape what the file of targets names, and the broker's own exporter where it is ours."""
    found: list[dict[str, Any]] = [
        {"job_name": "services", "file_sd_configs": [{"files": [str(targets)]}]},
        {
            "job_name": "router-estates",
            "metrics_path": "/metrics/estates",
            "scrape_interval": "60s",
            "static_configs": [{"targets": [urlsplit(router).netloc]}],
        },
    ]
    return {
        "global": {
            "scrape_interval": EVERY,
            "scrape_timeout": "4s",
            "evaluation_interval": EVERY,
            "external_labels": {"product": "estateline", "runbooks": RUNBOOKS},
        },
        "rule_files": [str(RULES / "*.yaml")],
        "alerting": {
            "alert_relabel_configs": [{"action": "labeldrop", "regex": "runbooks"}],
            "alertmanagers": [{"static_configs": [{"targets": [urlsplit(alertmanager).netloc]}]}],
        },
        "scrape_configs": [*found, *(_of_broker(broker) if broker else ())],
    }


def _of_broker(exporter: str) -> list[dict[str, Any]]:
    where = [{"targets": [urlsplit(exporter).netloc]}]
    queues = {"family": ["queue_coarse_metrics"], "vhost": ["/"]}
    return [
        {"job_name": "rabbitmq", "static_configs": where},
        {
            "job_name": "rabbitmq-queues",
            "metrics_path": "/metrics/detailed",
            "params": queues,
            "static_configs": where,
        },
    ]


def write_targets(path: Path, services: Mapping[str, str], prometheus: str) -> None:
    """Every process by its service's name; read again by itself when it changes."""
    named = {**services, "prometheus": prometheus}
    write_json(
        path,
        [
            {"targets": [urlsplit(address).netloc], "labels": {"job": name}}
            for name, address in named.items()
        ],
    )


def alertmanager_settings(receivers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The tree of production, with these webhooks by the receivers' names."""
    text = (files("hotline.watching") / "alertmanager.yaml").read_text("utf-8")
    settings: dict[str, Any] = yaml.safe_load(text)
    settings["receivers"] = [
        {"name": each["name"], "webhook_configs": [dict(receivers[each["name"]])]}
        for each in settings["receivers"]
    ]
    return settings
