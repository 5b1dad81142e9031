"""Agents as the desk needs to know them: training, certificates, skills, languages (A7). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from shared.contracts import MalformedMessage
from shared.contracts.refusals import NotNow

LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
"""As BCP 47 writes languages and dialects: `zh`, `en`, `yue`, `wuu`."""


@dataclass(frozen=True, slots=True)
class Training:
    """A course that was passed."""

    course: str
    passed_on: date


@dataclass(frozen=True, slots=True)
class Certificate:
    """What somebody is certified for; `until` is the last day on which it counts."""

    kind: str
    since: date
    until: date

    def counts_on(self, day: date) -> bool:
        """Whether it counts on a day."""
        return self.since <= day <= self.until


@dataclass(frozen=True, slots=True, order=True)
class Telephone:
    """An agent's telephone, as an exchange knows it. It is one person's alone."""

    exchange: str
    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one agent has learned and speaks, in codes, and which telephones are theirs."""

    account: str
    version: int = 0
    trainings: tuple[Training, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    dialects: frozenset[str] = frozenset()
    extensions: tuple[Telephone, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate that ends soon, or has ended, and nothing of its kind follows it."""

    account: str
    certificate: Certificate


def qualified(profile: Profile, on: date) -> bool:
    """Whether somebody may answer callers on a day: trained by then, and with a certificate that
    counts (A7 puts only trained staff at the desk).
    """
    trained = any(training.passed_on <= on for training in profile.trainings)
    return trained and any(certificate.counts_on(on) for certificate in profile.certificates)


def read_languages(field: str, codes: Iterable[str]) -> frozenset[str]:
    """Codes of languages; raises MalformedMessage for what is none."""
    found = frozenset(codes)
    if not all(LANGUAGE.fullmatch(code) for code in found):
        raise MalformedMessage(field, "names what is no code of a language", "use zh, en, yue, wuu")
    return found


def read_telephones(named: Iterable[Telephone]) -> tuple[Telephone, ...]:
    """Telephones, each once; raises MalformedMessage for one that is named twice."""
    found = list(named)
    if len(set(found)) < len(found):
        raise MalformedMessage("extensions", "names a telephone twice", "name each once")
    return tuple(sorted(found))


def telephone_taken() -> NotNow:
    """Somebody else has one of these telephones."""
    return NotNow(
        "telephone-taken",
        "One of these telephones is somebody else's",
        "take it out of the other profile first",
    )


def read_certificate(kind: str, since: date, until: date) -> Certificate:
    """A certificate; raises MalformedMessage for one that ends before it begins."""
    if until < since:
        raise MalformedMessage(
            "certificates", "holds one that ends before it begins", "swap the days"
        )
    return Certificate(kind, since, until)


def ending(profiles: Iterable[Profile], *, today: date, within: timedelta) -> list[Ending]:
    """Certificates that end within a time or have ended, the most urgent first.

    One that is followed by another of its kind is not among them.
    """
    found = [
        Ending(profile.account, certificate)
        for profile in profiles
        for certificate in profile.certificates
        if certificate.until <= today + within
        and certificate == _last_of_kind(profile, certificate)
    ]
    return sorted(found, key=lambda e: (e.certificate.until, e.account, e.certificate.kind))


def _last_of_kind(profile: Profile, certificate: Certificate) -> Certificate:
    same = [other for other in profile.certificates if other.kind == certificate.kind]
    return max(same, key=lambda other: other.until)
