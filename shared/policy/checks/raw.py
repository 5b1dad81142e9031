"""Documents that nobody has checked yet, read leniently: what is not as it must be is passed over,
because the schema names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Thing = tuple[str, Mapping[str, Any]]
"""Something of a document, and its path."""


def fields(value: Any) -> Mapping[str, Any]:
    """What should be a mapping."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """What should be a list."""
    return value if isinstance(value, list) else []


def things(documents: Mapping[str, Any], kind: str, part: str) -> Iterator[Thing]:
    """The things of one list of a document, each with the path of its id."""
    for thing in items(fields(documents.get(kind)).get(part)):
        if isinstance(thing, Mapping) and isinstance(thing.get("id"), str):
            yield f"{kind}.{part}.{thing['id']}", thing


def ids(documents: Mapping[str, Any], kind: str, part: str) -> set[str]:
    """The ids that the things of a list go by."""
    return {thing["id"] for _, thing in things(documents, kind, part)}


def path_of(documents: Any, place: tuple[int | str, ...]) -> str:
    """Where something is, in words: things by their ids, as people look for them."""
    named, at = [], documents
    for part in place:
        at = _inside(at, part)
        by_id = isinstance(part, int) and isinstance(fields(at).get("id"), str)
        named.append(str(at["id"] if by_id else part))
    return ".".join(named)


def _inside(value: Any, part: int | str) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None
