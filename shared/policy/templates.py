"""The words people are sent, in Chinese and English, by purpose. Pure.

A template is text, the fields of `FIELDS`, `if`, comparisons and a few filters; of Jinja2 nothing
else is taken, so that no template runs longer than it is. All are tried when the policy is read, so
that a slip of the pen stops a draft and never a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import Any, Final, Literal, Self, get_args

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.notifier import Purpose
from shared.policy.documents import read_yaml

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)

FIELDS: Final[Mapping[str, str]] = {
    "name": "the recipient's name",
    "number": "the ticket's number; to a caller with those of the tickets that went on under it",
    "group": "the property group",
    "desk": "the hotline's own numbers",
    "estate": "the estate",
    "building": "the building, as its number or letter",
    "place": "the estate and the building together, or that nobody knows where it is",
    "matter": "the kind of emergency, else what it is about, with how urgent it is",
    "round": "how often the work was begun, where it is not the first time",
    "words": "what the caller said of it, scrubbed: why it begins again, or what they added; of a "
    "policy its title",
    "type": "the request's type",
    "area": "what it is about",
    "urgency": "how urgent it is",
    "department": "the department that has it",
    "kind": "the kind of emergency",
    "advice": "what to do first in an emergency of this kind",
    "clock": "which limit a warning or a breach is about",
    "case": "the code of that limit or of the reason, for conditions: one text for each",
    "due": "when the work is to be done, when that limit ends, or when the next is called",
    "arrive": "when somebody is to be on site",
    "reply": "when somebody gets back to the caller",
    "from": "when a shift, or a gap in a roster, begins",
    "missing": "how many people are missing in a gap",
    "gaps": "how many gaps were found",
    "level": "the rung of the escalation ladder",
    "households": "how many households reported the same",
    "contacts": "how often the caller has come about this matter",
    "reason": "why it takes longer, why a shift counts no more, why to look after a ticket, "
    "what the owner said or the caller wants, why a message could not be handled or reached nobody",
    "count": "how many deadlines a digest tells of, people have not confirmed, or a call reported",
    "lines": "the deadlines of a digest, or the reports of a call and what is promised, one a line",
    "total": "what work costs, in yuan",
    "progress": "what a public note says of how it goes",
    "sender": "the system that sent a message which could not be handled",
    "ticket": "the ticket that such a message is about, where it is our own, or under which a "
    "matter goes on",
    "person": "the id of whom a message did not reach, whose reading is unusual, who have not "
    "confirmed, or whose link was shut",
    "runbook": "where the page lies that says what to do about an alert of a machine",
    "link": "the signed link of a survey, of somebody's work, of an alert, or of a policy",
}
"""Every field is always there, as text; what is not known is empty, so `{% if due %}` works."""

FIRST: Final[frozenset[Purpose]] = frozenset(
    {
        "receipt", "answered", "assignment", "warning", "breach", "alert", "feedback", "reopened",
        "survey",
    }
)  # fmt: skip
"""The purposes that every policy has had from the first on, and must have."""
LATER: Final[frozenset[Purpose]] = frozenset(PURPOSES) - FIRST
"""Purposes that policies of before do not have: the sample's words are sent for them."""

FILTERS: Final = frozenset({"default", "length", "lower", "title", "trim", "upper"})
"""None of these makes a text longer than the fields and the template are."""
_TAKEN: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter,
)  # fmt: skip
_CALLED: Final[Mapping[type[nodes.Node], str]] = {
    nodes.For: "a loop",
    nodes.Call: "a call",
    nodes.Getattr: "an attribute",
    nodes.Getitem: "an item of something",
    nodes.Assign: "a variable",
    nodes.Macro: "a macro",
    nodes.Include: "another template",
    nodes.Import: "another template",
}
"""In a word of its author's; what is not named here is called as Jinja2 calls it."""

# The bodies are plain text, and no markup is read from them.
_ENVIRONMENT: Final = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined,
    autoescape=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Words(BaseModel):
    """One message in one language; Jinja2 over the fields of `FIELDS`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str = Field(min_length=1, max_length=200)
    body: str = Field(min_length=1, max_length=4000)

    @cached_property
    def is_plain(self) -> bool:
        """Whether it is text, fields, conditions and the filters that there are."""
        return not any(_does_more(source) for source in (self.subject, self.body))

    def render(self, fields: Mapping[str, str]) -> tuple[str, str]:
        """Subject (always one line) and body; KeyError names a field that was left out."""
        if missing := FIELDS.keys() - fields.keys():
            raise KeyError(*sorted(missing))
        subject = " ".join(_compiled(self.subject).render(fields).split())
        return subject, _compiled(self.body).render(fields).strip()


class Templates(BaseModel):
    """Purpose → language → words. Every purpose has both languages, and every template works."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    messages: Mapping[Purpose, Mapping[Language, Words]]

    @model_validator(mode="after")
    def _name_all_faults(self) -> Self:
        if faults := template_faults(self):
            raise ValueError("; ".join(faults))
        return self

    def words(self, purpose: Purpose, language: Language) -> Words:
        """The words for a purpose: the sample's where there are none, or where a policy of before
        has templates that do more than templates may.
        """
        own = self.messages.get(purpose)
        if own is None or not own[language].is_plain:
            return _sample().messages[purpose][language]
        return own[language]


def is_from_the_sample(purpose: Purpose, messages: Mapping[Any, object]) -> bool:
    """Whether a policy says nothing of a purpose, and need not: the sample's words are sent."""
    return purpose in LATER and purpose not in messages


def template_faults(templates: Templates) -> tuple[str, ...]:
    """Everything wrong with any template, each fault with its purpose, language and part."""
    return tuple(_faults(templates))


def _faults(templates: Templates) -> Iterator[str]:
    for purpose in PURPOSES:
        if is_from_the_sample(purpose, templates.messages):
            continue
        for language in LANGUAGES:
            words = templates.messages.get(purpose, {}).get(language)
            if words is None:
                yield f"{purpose}.{language}: is missing"
                continue
            for part, source in (("subject", words.subject), ("body", words.body)):
                # Of a policy in force: what does more is not sent, and stops nothing else.
                found = () if _does_more(source) else faults_in_words(source)
                yield from (f"{purpose}.{language}.{part}: {why}" for why in found)


def faults_in_words(source: str) -> Iterator[str]:
    """What is wrong with one template: its parts are looked at, then it is tried with every field
    filled and with every field empty.
    """
    try:
        if faults := tuple(_faults_in_tree(_ENVIRONMENT.parse(source))):
            yield from faults
            return
        for sample in ("x", ""):
            _compiled(source).render(dict.fromkeys(FIELDS, sample))
    except TemplateError as error:
        yield f"cannot be used: {error.message}"
    except (RecursionError, SyntaxError, MemoryError):  # of the compiler, which has its limits
        yield "cannot be used: it is nested too deeply"
    except (ArithmeticError, TypeError, ValueError) as error:
        yield f"cannot be used: {type(error).__name__}"


def _does_more(source: str) -> bool:
    """Whether a template can be read, knows its fields, and has parts that none may have."""
    try:
        tree = _ENVIRONMENT.parse(source)
    except (TemplateError, RecursionError):
        return False
    faults = list(_faults_in_tree(tree))
    return bool(faults) and not any("unknown field" in fault for fault in faults)


def _faults_in_tree(tree: nodes.Template) -> Iterator[str]:
    found = list(tree.find_all(nodes.Node))
    unknown = sorted({n.name for n in found if isinstance(n, nodes.Name)} - FIELDS.keys())
    if unknown:
        yield f"uses the unknown field {', '.join(map(repr, unknown))}"
    for kind in dict.fromkeys(type(node) for node in found if not isinstance(node, _TAKEN)):
        called = _CALLED.get(kind, kind.__name__.lower())
        yield f"cannot be used: it has {called}; write text, fields, `if` and comparisons"
    filters = sorted({n.name for n in found if isinstance(n, nodes.Filter)} - FILTERS)
    if filters:
        named, taken = ", ".join(map(repr, filters)), ", ".join(sorted(FILTERS))
        yield f"cannot be used: it has the filter {named}; there are {taken}"


@cache
def _sample() -> Templates:
    text = files("shared.policy.sample").joinpath("templates.yaml").read_text("utf-8")
    return Templates.model_validate(read_yaml(text))


@lru_cache(maxsize=256)
def _compiled(source: str) -> Template:
    return _ENVIRONMENT.from_string(source)
