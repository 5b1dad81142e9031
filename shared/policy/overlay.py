"""One document laid over another: only what the upper one names is changed. Pure."""

from __future__ import annotations

from typing import Any


def overlaid(base: Any, change: Any) -> Any:
    """Mappings are merged, lists of things with an id are merged by it, the rest is replaced."""
    if has_ids(base) and has_ids(change):
        known = {item["id"]: item for item in base}
        merged = {item["id"]: overlaid(known.get(item["id"]), item) for item in change}
        return list((known | merged).values())
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return change
    return base | {key: overlaid(base.get(key), value) for key, value in change.items()}


def has_ids(value: Any) -> bool:
    """Whether a value is a list of things that go by their ids, rather than by their order."""
    return isinstance(value, list) and all(
        isinstance(v, dict) and isinstance(v.get("id"), str) for v in value
    )
