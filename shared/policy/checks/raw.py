"""Documents that nobody has checked yet: what cannot be read at all, and the rest, read
leniently.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from shared.contracts.errors import Fault, faults_in
from shared.policy.documents import KINDS
from shared.policy.policy import read_kind

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


def schema_faults(
    documents: Mapping[str, Any], kinds: Sequence[str] = KINDS, *, but: Container[str] = ()
) -> Iterator[Fault]:
    """Every field at fault. What the rule over a whole document says stands under its kind, and
    is left out for kinds in `but`, whose parts are named already.
    """
    for kind in kinds:
        if kind not in documents:
            yield Fault(
                kind, "is missing", "every policy has one; an overlay keeps the one there is"
            )
            continue
        try:
            read_kind(kind, documents[kind])
        except ValidationError as error:
            for item in error.errors(include_url=False, include_input=False):
                if item["loc"] or item["type"] != "value_error" or kind not in but:
                    yield from _named(documents, (kind, *item["loc"]), item)


def _named(
    documents: Mapping[str, Any], place: tuple[int | str, ...], item: Mapping[str, Any]
) -> Iterator[Fault]:
    [said] = faults_in([item])
    # A rule over a whole document says all its faults in one breath.
    for fault in said.fault.split("; "):
        yield Fault(path_of(documents, place), fault, said.remedy)
