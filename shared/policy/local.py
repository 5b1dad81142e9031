"""Local layers: what a policy says otherwise for a region, a company or an estate. Pure.

They lie in the document `local`, by place, and each is an overlay of the documents as they are for
the place above: the nearest layer wins. What follows here reads documents that nobody has checked
yet, and never fails on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.contracts.errors import Fault

LOCAL: Final = "local"
"""The kind of document that holds the layers; a policy may do without."""
LOCAL_KINDS: Final = ("taxonomy", "calendar", "rules", "templates")
"""What a place may have its own of. The group's estates and the language of its callers are one."""
_LOCAL_LIMITS: Final = ("types", "emergency_kinds")
"""Parts of the taxonomy whose limits may differ. What there is, and who does it, is the same
everywhere: a ticket must mean the same wherever it is read.
"""


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


def layers_of(documents: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The layers that can be read, by place."""
    found = documents.get(LOCAL)
    layers = found.items() if isinstance(found, Mapping) else ()
    return {place: layer for place, layer in layers if isinstance(layer, Mapping)}


def places_above(documents: Mapping[str, Any], place: str) -> list[str]:
    """A place and all above it, the nearest first; a ring is left where it closes."""
    within = _within(documents)
    above: list[str] = []
    while place in within and place not in above:
        above.append(place)
        place = within[place]
    return above


def layers_at(documents: Mapping[str, Any], place: str) -> tuple[str, ...]:
    """The places whose layers count at a place, the nearest last."""
    layers = layers_of(documents)
    return tuple(at for at in reversed(places_above(documents, place)) if at in layers)


def documents_at(documents: Mapping[str, Any], place: str) -> dict[str, Any]:
    """The documents as they are for a place, all its layers laid over the group's."""
    layers = layers_of(documents)
    merged = dict(documents)
    for at in layers_at(documents, place):
        for kind in LOCAL_KINDS:
            if kind in layers[at]:
                merged[kind] = overlaid(merged.get(kind), layers[at][kind])
    return merged


def layer_faults(documents: Mapping[str, Any]) -> Iterator[Fault]:
    """Everything a layer says that no layer may say, each fault with its path."""
    layers, known = documents.get(LOCAL, {}), _within(documents)
    if not isinstance(layers, Mapping):
        yield Fault(LOCAL, "is not a mapping of places", "write `<place>: {<kind>: {…}}`")
        return
    for place, layer in layers.items():
        path = f"{LOCAL}.{place}"
        if place not in known:
            yield Fault(path, "is no place of the group", "name a region, a company or an estate")
        if not isinstance(layer, Mapping):
            yield Fault(path, "is not a mapping of kinds", f"use some of {', '.join(LOCAL_KINDS)}")
            continue
        for kind, document in layer.items():
            if kind not in LOCAL_KINDS:
                remedy = f"change it for the whole group, or use {', '.join(LOCAL_KINDS)}"
                yield Fault(f"{path}.{kind}", "may not differ from place to place", remedy)
            elif kind == "taxonomy":
                yield from _beyond_limits(f"{path}.{kind}", document, documents.get(kind))


def _beyond_limits(path: str, document: Any, base: Any) -> Iterator[Fault]:
    """Whatever of the taxonomy is changed besides the limits of what there is."""
    for part, things in document.items() if isinstance(document, Mapping) else ():
        if part not in _LOCAL_LIMITS or not has_ids(things):
            remedy = "only limits may: `types` and `emergency_kinds`, each `{id, limits}`"
            yield Fault(f"{path}.{part}", "may not differ from place to place", remedy)
            continue
        known = {thing["id"] for thing in _listed(base, part)}
        for thing in things:
            at = f"{path}.{part}.{thing['id']}"
            if thing["id"] not in known:
                yield Fault(at, "is not in the group's taxonomy", "add it there first")
            for field in thing.keys() - {"id", "limits"}:
                remedy = "leave it out: only `limits` may"
                yield Fault(f"{at}.{field}", "may not differ from place to place", remedy)


def _within(documents: Mapping[str, Any]) -> dict[str, str]:
    """Every place and estate of the group, with the place above it (none: the group)."""
    group = documents.get("group")
    things = [*_listed(group, "places"), *_listed(group, "estates")]
    return {thing["id"]: w if isinstance(w := thing.get("within"), str) else "" for thing in things}


def _listed(document: Any, part: str) -> list[Mapping[str, Any]]:
    found = document.get(part) if isinstance(document, Mapping) else None
    things = found if isinstance(found, list) else []
    return [t for t in things if isinstance(t, Mapping) and isinstance(t.get("id"), str)]
