"""The words people are sent: every purpose in every language, from fields that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.contracts.errors import Fault
from shared.policy.checks.raw import fields
from shared.policy.templates import FIELDS, LANGUAGES, PURPOSES, faults_in_words


def word_faults(documents: Mapping[str, Any]) -> Iterator[Fault]:
    """Every language that is missing and every template that would fail when it is needed."""
    messages = fields(fields(documents.get("templates")).get("messages"))
    for purpose in PURPOSES:
        for language in LANGUAGES:
            path = f"templates.messages.{purpose}.{language}"
            words = fields(messages.get(purpose)).get(language)
            if words is None:
                yield Fault(path, "is missing", "write it: people are told in both languages")
                continue
            for part in ("subject", "body"):
                source = fields(words).get(part)
                for fault in faults_in_words(source) if isinstance(source, str) else ():
                    yield Fault(f"{path}.{part}", fault, f"use: {', '.join(FIELDS)}")
