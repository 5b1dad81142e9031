"""The sample's documents for tests: read once, handed out as copies that may be changed."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

from shared.policy.policy import sample_documents

Documents = dict[str, Any]


@cache
def _sample() -> Documents:
    return sample_documents()


def documents(*changes: Callable[[Documents], object]) -> Documents:
    """The sample's, changed. The lexicon is long, nobody changes it and everybody shares it."""
    sample = _sample()
    made = {kind: deepcopy(document) for kind, document in sample.items() if kind != "lexicon"}
    made["lexicon"] = sample["lexicon"]
    for change in changes:
        change(made)
    return made


def thing(documents: Documents, kind: str, part: str, id: str) -> Documents:
    """One thing of a document, to be changed in place."""
    found: Documents = next(item for item in documents[kind][part] if item["id"] == id)
    return found
