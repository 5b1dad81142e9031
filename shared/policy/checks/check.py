"""All checks over all documents, and over every local layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

from shared.contracts.errors import Fault
from shared.policy.checks.raw import fields, schema_faults
from shared.policy.checks.references import place_faults, routing_faults, unserved
from shared.policy.checks.times import calendar_faults, limit_faults
from shared.policy.duty import Duty
from shared.policy.local import LOCAL_KINDS, documents_at, layer_faults, layers_of, places_above
from shared.policy.templates import (
    FIELDS,
    LANGUAGES,
    PURPOSES,
    faults_in_words,
    is_from_the_sample,
)


def word_faults(documents: Mapping[str, Any]) -> Iterator[Fault]:
    """Every language that is missing and every template that would fail when it is needed. What
    was added to the purposes since a policy was written is no fault of its next version.
    """
    messages = fields(fields(documents.get("templates")).get("messages"))
    for purpose in PURPOSES:
        if is_from_the_sample(purpose, messages):
            continue
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


def check_policy(
    documents: Mapping[str, Any],
    *,
    begins: datetime | None = None,
    before: Mapping[str, Any] | None = None,
    duty: Duty | None = None,
) -> list[Fault]:
    """Everything wrong with a policy that is to come into force at `begins` (aware) after the
    documents `before`; without faults it can be built and every report gets a plan.

    Left out: the calendar's end without `begins`, who serves a department without `duty`.
    """
    checks = (place_faults, routing_faults, limit_faults, word_faults)
    found = list(chain.from_iterable(check(documents) for check in checks))
    if begins is not None:
        found += calendar_faults(documents, before or {}, begins=begins)
    if duty is not None:
        found += unserved(documents, duty)
    found += [*schema_faults(documents, but=_kinds(found)), *layer_faults(documents)]
    return [*found, *_of_layers(documents, before or {}, begins, found)]


def _of_layers(
    documents: Mapping[str, Any],
    before: Mapping[str, Any],
    begins: datetime | None,
    known: Iterable[Fault],
) -> Iterator[Fault]:
    """What is wrong at each place that has a layer, and neither above it nor in the whole."""
    told = {(fault.field, fault.fault) for fault in known}
    told_at: dict[str, set[tuple[str, str]]] = {}
    layers = layers_of(documents)
    for place in sorted(layers, key=lambda place: len(places_above(documents, place))):
        merged = documents_at(documents, place)
        found = [*limit_faults(merged), *word_faults(merged)]
        if begins is not None:
            found += calendar_faults(merged, documents_at(before, place), begins=begins)
        found += schema_faults(merged, LOCAL_KINDS, but=_kinds(found))
        above = chain.from_iterable(told_at.get(p, ()) for p in places_above(documents, place))
        here = {(fault.field, fault.fault) for fault in found}
        new = here - told - set(above)
        told_at[place] = here
        yield from (
            replace(fault, field=f"local.{place}.{fault.field}")
            for fault in found
            if (fault.field, fault.fault) in new
        )


def _kinds(found: Iterable[Fault]) -> frozenset[str]:
    return frozenset(fault.field.partition(".")[0] for fault in found)
