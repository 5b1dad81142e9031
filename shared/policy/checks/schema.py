"""What cannot be read at all: fields that are missing, unknown or not what they must be."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from shared.contracts.errors import Fault, faults_in
from shared.policy.checks.raw import path_of
from shared.policy.documents import KINDS
from shared.policy.policy import read_kind


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
