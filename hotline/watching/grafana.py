"""Boards for Grafana, in its classic JSON: made of the same tables as those in the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from hotline.watching.board import Board, Panel, Unit, board

WIDTH: Final = 24
FIRST_HEIGHT, HEIGHT = 5, 8
ACROSS: Final = 3
"""So many panels stand side by side below the first row."""
SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
RUNBOOKS: Final = "${runbooks}"
_UNITS: Final[dict[Unit, str]] = {
    "seconds": "s",
    "ratio": "percentunit",
    "bytes": "bytes",
    "days": "d",
    "count": "none",
}
_DECIMALS: Final[dict[Unit, int]] = {"count": 0, "number": 2, "erlangs": 2, "days": 0}
_NAMES: Final[dict[Unit, dict[str, Any]]] = {
    "yes_no": {"0": {"text": "否 no", "index": 0}, "1": {"text": "是 yes", "index": 1}},
    "works": {
        "0": {"text": "不通 down", "index": 0},
        "0.5": {"text": "部分 in part", "index": 1},
        "1": {"text": "正常 works", "index": 2},
    },
}


def dashboard(name: str) -> str:
    """One board as a file."""
    made = _dashboard(name, board(name))
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def _dashboard(name: str, of: Board) -> dict[str, Any]:
    return {
        "uid": f"estateline-{name}",
        "title": f"{of.title.zh} {of.title.en}",
        "tags": ["estateline"],
        "editable": False,
        "schemaVersion": 39,
        "refresh": of.refresh,
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_source(), _runbooks()]},
        "annotations": {"list": [_policy_changes(), _deployments()]},
        "panels": [*_panels(of)],
    }


def _source() -> dict[str, Any]:
    return {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _runbooks() -> dict[str, Any]:
    """Where the runbooks lie: to be set once for an installation."""
    base = "https://example.com/estateline/docs/runbooks/alerts"
    return {"name": "runbooks", "type": "constant", "query": base, "hide": 2}


def _annotation(name: str, color: str, expr: str, text: str) -> dict[str, Any]:
    return {
        "name": name,
        "datasource": SOURCE,
        "enable": True,
        "iconColor": color,
        "expr": expr,
        "step": "60s",
        "titleFormat": name,
        "textFormat": text,
    }


def _policy_changes() -> dict[str, Any]:
    known = "group by (version) (hotline_policy_in_force)"
    return _annotation("制度 policy", "purple", f"{known} unless {known} offset 2m", "{{version}}")


def _deployments() -> dict[str, Any]:
    known = "group by (version) (hotline_build_info)"
    return _annotation("发布 release", "blue", f"{known} unless {known} offset 2m", "{{version}}")


def _panels(of: Board) -> Iterator[dict[str, Any]]:
    first = [panel for panel in of.panels if panel.first]
    rest = [panel for panel in of.panels if not panel.first]
    wide = WIDTH // max(1, len(first))
    for place, panel in enumerate(first):
        yield _panel(panel, place + 1, x=place * wide, y=0, w=wide, h=FIRST_HEIGHT, kind="stat")
    across = WIDTH // ACROSS
    for place, panel in enumerate(rest):
        x, y = place % ACROSS * across, FIRST_HEIGHT + place // ACROSS * HEIGHT
        id = len(first) + place + 1
        yield _panel(panel, id, x=x, y=y, w=across, h=HEIGHT, kind="timeseries")


def _panel(panel: Panel, id: int, *, x: int, y: int, w: int, h: int, kind: str) -> dict[str, Any]:
    return {
        "id": id,
        "type": kind,
        "title": f"{panel.title.zh} {panel.title.en}",
        "description": f"{panel.says.zh}\n\n{panel.says.en}\n\n{RUNBOOKS}/{panel.runbook}.md",
        "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": w, "h": h},
        "links": [{"title": "手册 runbook", "url": f"{RUNBOOKS}/{panel.runbook}.md"}],
        "targets": [
            {
                "refId": "A",
                "datasource": SOURCE,
                "expr": panel.query,
                "legendFormat": f"{{{{{panel.by}}}}}" if panel.by else panel.title.zh,
                "instant": kind == "stat",
                "range": kind != "stat",
            }
        ],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    names = _NAMES.get(panel.unit)
    return {
        "unit": _UNITS.get(panel.unit, "short"),
        **({"decimals": _DECIMALS[panel.unit]} if panel.unit in _DECIMALS else {}),
        **({"mappings": [{"type": "value", "options": names}]} if names else {}),
        "color": {"mode": "thresholds" if panel.bad else "palette-classic"},
        "thresholds": {"mode": "absolute", "steps": _steps(panel)},
    }


def _steps(panel: Panel) -> list[dict[str, Any]]:
    """Green where it is well; colour is not the only sign, since the figure stands beside it."""
    limit = panel.threshold()
    if limit is None:
        return [{"color": "green", "value": None}]
    low, high = ("green", "red") if limit[0].startswith(">") else ("red", "green")
    return [{"color": low, "value": None}, {"color": high, "value": limit[1]}]
