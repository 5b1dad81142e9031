"""The words a group listens for: weighted rules over word lists, and what makes them harmless.

A *term* is plain text, found anywhere in Chinese and at word boundaries in English. It may hold
`…` (a short gap inside one clause), `(a|b)`, `[ab]` and `?`, and an English word may end in `*`
(any ending). Unbounded repetition is refused, so that the cost of reading grows with the text and
never faster.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal, NamedTuple, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from shared.triage.taxonomy import Taxonomy, load_sample_taxonomy
from shared.words import plain, read

Reach = Literal["clause", "onward", "sentence", "text"]

# Where a clause ends; the longer marks also end a sentence.
_CLAUSE_END = ",、:"
_SENTENCE_END = "。.!?;\n"
# Speech recognisers often write no marks at all: a clause longer than this is cut, so that words
# at the two ends of a long text are not read as one statement.
_LONGEST_CLAUSE = 48
# Clauses before and after that may still speak of the same thing.
_NEAR = 2
# Longer than any letter; what follows adds cost and no evidence.
_LONGEST_TEXT = 20_000

# Where a list is heard: position in the text, bit of the list.
_Heard = list[tuple[int, int]]
# The same with where it ends: position, end, bit.
_Spans = list[tuple[int, int, int]]

# Of examples: a trait seen once tells nothing, and one never seen with a subject does not rule
# that subject out.
_LEAST_SEEN = 2
_UNSEEN = 0.3
# How often, how far and up to which lead what comes out wrong is corrected.
_ROUNDS = 6
_STEP = 0.1
_MARGIN = 2.0
_TOKENS = re.compile(r"[a-z0-9']+|[^\W_]|[^\w\s]")

# More gaps in one term would let a hostile text cost more than its length.
_MOST_GAPS = 2

_META = re.compile(r"[…()|\[\]?*]")
_REFUSED = re.compile(r"[+{}\\^$]")
_MARKS = re.compile(f"[{_CLAUSE_END}{_SENTENCE_END}]+")
_BOUNDARY_BEFORE = r"(?<![a-z0-9])"
_BOUNDARY_AFTER = r"(?![a-z0-9])"


class Rule(BaseModel):
    """Evidence for one thing.

    It holds in a clause that says one of its words (`say`) and speaks of every list in `when` and
    of none in `but`, with every list of `near` and none of `unless` within two clauses. `despite`
    names the guards it ignores.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    say: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    despite: tuple[str, ...] = ()
    weight: float = Field(1.0, ge=-10, le=10)


class Guard(BaseModel):
    """Words that make danger words harmless, how far they reach and what lifts them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    say: tuple[str, ...]
    reach: Reach
    lifted_by: tuple[str, ...] = ()


class Letter(BaseModel):
    """A long text tells stories: there a danger counts only near one of these lists."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    longer_than: int = Field(gt=0)
    needs: tuple[str, ...]


class Examples(BaseModel):
    """Calls as people make them, by what they are about: what no rule foresees is compared to them.

    Only a text no longer than a letter is compared; from `danger_from` on it counts as a danger,
    and below `harmless_below` no danger that only rules tell of is believed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    danger_from: float = Field(0.3, gt=0)
    harmless_below: float = Field(-4.5, lt=0)
    kinds: Mapping[str, tuple[str, ...]] = {}
    routine: Mapping[str, Mapping[str, tuple[str, ...]]] = {}


class Likeness:
    """How much a text is like the examples of each subject: one logarithm of odds per trait.

    Traits count as if independent (naive Bayes), so that learning is one pass over the examples
    and every answer is a plain sum.
    """

    def __init__(self, examples: Iterable[tuple[str, frozenset[str | int]]]) -> None:
        """Count where each trait is seen how often, then correct what comes out wrong."""
        told = list(examples)
        sizes = Counter(subject for subject, _ in told)
        seen: dict[str | int, Counter[str]] = {}
        for subject, traits in told:
            for trait in traits:
                seen.setdefault(trait, Counter())[subject] += 1
        self._subjects = tuple(sorted(sizes))
        self._odds = {
            trait: [_log_odds(counts, sizes, subject) for subject in self._subjects]
            for trait, counts in seen.items()
            if counts.total() >= _LEAST_SEEN
        }
        for _ in range(_ROUNDS):
            for subject, traits in told:
                self._correct(subject, traits)

    def scores(self, traits: Iterable[str | int]) -> dict[str, float]:
        """Tell for each subject how much these traits speak for it (above 0) or against it."""
        return dict(zip(self._subjects, self._sums(traits), strict=True))

    def _sums(self, traits: Iterable[str | int]) -> list[float]:
        known = [odds for trait in traits if (odds := self._odds.get(trait)) is not None]
        damping = math.sqrt(len(known) + 1)
        if not known:
            return [0.0] * len(self._subjects)
        return [total / damping for total in map(sum, zip(*known, strict=True))]

    def _correct(self, subject: str, traits: frozenset[str | int]) -> None:
        """Move the odds a little where another subject comes near the right one."""
        sums = self._sums(traits)
        right = self._subjects.index(subject)
        others = [at for at in range(len(sums)) if at != right]
        if not others:
            return
        wrong = max(others, key=sums.__getitem__)
        if sums[right] - sums[wrong] < _MARGIN:
            for trait in traits:
                odds = self._odds.get(trait)
                if odds is not None:
                    odds[right] += _STEP
                    odds[wrong] -= _STEP


class Clause(NamedTuple):
    """The word lists heard in one clause and around it, as bits, and the sentence it is part of."""

    heard: int
    around: int
    sentence: int


class CompiledRule(NamedTuple):
    """A rule in bits: cheap to try against a clause."""

    target: str
    reason: str
    need: int
    but: int
    near: int
    unless: int
    despite: frozenset[str]
    weight: float


class CompiledRules(NamedTuple):
    """Compiled rules by a bit that each of them needs, and all those bits at once."""

    triggers: int
    by_trigger: Mapping[int, tuple[CompiledRule, ...]]


class CompiledGuard(NamedTuple):
    """A guard in bits."""

    name: str
    heard: int
    reach: Reach
    lifted_by: int


class _Term(NamedTuple):
    """One way to say a listed word: plain text, or a pattern where a plain head is not enough."""

    bit: int
    text: str
    pattern: re.Pattern[str] | None


class Lexicon(BaseModel):
    """Everything listened for, as data; bad terms and unknown names are all named at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    words: Mapping[str, tuple[str, ...]]
    idioms: tuple[str, ...] = ()
    guards: Mapping[str, Guard]
    letter: Letter
    kinds: Mapping[str, tuple[Rule, ...]]
    areas: Mapping[str, tuple[Rule, ...]]
    types: Mapping[str, tuple[Rule, ...]]
    leanings: Mapping[str, Mapping[str, float]] = {}
    follow_up: tuple[Rule, ...]
    urgent: tuple[Rule, ...]
    examples: Examples = Examples()

    _bits: dict[str, int] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _name_all_faults(self) -> Self:
        faults = [*self._bad_terms(), *self._unknown_words(), *self._rule_faults()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def faults_against(self, taxonomy: Taxonomy) -> list[str]:
        """Name every kind, area or type this lexicon speaks of that the taxonomy does not have."""
        return [
            *(f"unknown emergency kind {i!r}" for i in self.kinds if not taxonomy.has_kind(i)),
            *(f"unknown area {i!r}" for i in self.areas if not taxonomy.has_area(i)),
            *(f"unknown type {i!r}" for i in self.types if not taxonomy.has_type(i)),
            *(f"leaning of unknown area {i!r}" for i in self.leanings if not taxonomy.has_area(i)),
            *(
                f"leaning of {area!r} to unknown type {i!r}"
                for area, leaning in self.leanings.items()
                for i in leaning
                if not taxonomy.has_type(i)
            ),
            *(
                f"examples of unknown kind {i!r}"
                for i in self.examples.kinds
                if not taxonomy.has_kind(i)
            ),
            *(
                f"examples of unknown type {i!r}"
                for i in self.examples.routine
                if not taxonomy.has_type(i)
            ),
            *(
                f"examples of unknown area {i!r}"
                for areas in self.examples.routine.values()
                for i in areas
                if not taxonomy.has_area(i)
            ),
        ]

    def read(self, text: str) -> list[Clause]:
        """Split into clauses and tell which word lists each one speaks of; total for any text."""
        plain = normalise(text)
        return list(_clauses(plain, [(at, bit) for at, _, bit in self._hits(plain)]))

    def phrases(self, text: str, reasons: Iterable[str]) -> tuple[tuple[int, int], ...]:
        """Where in a text the words stand by which the rules with these ids were decided, in order
        and without overlap: of each clause in which a rule finds all that it needs.
        """
        plain = normalise(text)
        words = read(text[:_LONGEST_TEXT])
        if len(words.text) != len(plain):  # a sign that has another length in small letters
            return ()
        rules = (self._by_reason[reason] for reason in reasons if reason in self._by_reason)
        needs = [rule.need for rule in rules]
        hits, found, position = self._hits(plain), list[tuple[int, int]](), 0
        for end, _ in _ends(plain):
            begun = position
            while position < len(hits) and hits[position][0] < end:
                position += 1
            inside = hits[begun:position]
            heard = sum({bit for _, _, bit in inside})
            told = sum({bit for n in needs if heard & n == n for bit in _bits_of(n)})
            found += [(at, last) for at, last, bit in inside if bit & told]
        return tuple(words.place(at, last) for at, last in _apart(found))

    def learn(self) -> None:
        """Compile the rules and learn from the examples now, so that no caller waits for it."""
        _ = self.kind_rules, self.area_rules, self.type_rules, self.mark_rules
        _ = self.danger_likeness, self.kind_likeness, self.type_likeness, self.area_likeness

    def traits(self, text: str, clauses: Iterable[Clause]) -> frozenset[str | int]:
        """Give what a text is compared by: its words, pairs of them, and the lists it speaks of."""
        words = [
            word if word.isalnum() or len(word) > 1 else "|"
            for word in _TOKENS.findall(normalise(text))
        ]
        heard = 0
        for clause in clauses:
            heard |= clause.heard
        return frozenset((*words, *map(str.__add__, words, words[1:]), *_bits_of(heard)))

    @cached_property
    def danger_likeness(self) -> Likeness:
        """Likeness to a danger of any kind."""
        return Likeness(
            ("danger" if section == "kind" else "routine", self.traits(say, self.read(say)))
            for section, _, say in self._told()
        )

    @cached_property
    def kind_likeness(self) -> Likeness:
        """Likeness to each kind of danger."""
        return Likeness(
            (target, self.traits(say, self.read(say)))
            for section, target, say in self._told()
            if section == "kind"
        )

    @cached_property
    def type_likeness(self) -> Likeness:
        """Likeness to each routine type."""
        return Likeness(
            (target.split(".")[0], self.traits(say, self.read(say)))
            for section, target, say in self._told()
            if section == "routine"
        )

    @cached_property
    def area_likeness(self) -> Likeness:
        """Likeness to each area, told by routine calls."""
        return Likeness(
            (target.split(".")[1], self.traits(say, self.read(say)))
            for section, target, say in self._told()
            if section == "routine"
        )

    @cached_property
    def kind_rules(self) -> CompiledRules:
        """The emergency rules, by a bit each of them needs."""
        return self._by_trigger(self.kinds, "kind")

    @cached_property
    def area_rules(self) -> CompiledRules:
        """The area rules, by a bit each of them needs."""
        return self._by_trigger(self.areas, "area")

    @cached_property
    def type_rules(self) -> CompiledRules:
        """The type rules, by a bit each of them needs."""
        return self._by_trigger(self.types, "type")

    @cached_property
    def mark_rules(self) -> CompiledRules:
        """The follow-up and urgency rules, by a bit each of them needs."""
        return self._by_trigger({"follow_up": self.follow_up, "urgent": self.urgent}, "mark")

    @cached_property
    def compiled_guards(self) -> tuple[CompiledGuard, ...]:
        """The guards in bits."""
        return tuple(
            CompiledGuard(
                name, self._bit(f"guard.{name}"), guard.reach, self._mask(guard.lifted_by)
            )
            for name, guard in self.guards.items()
        )

    @cached_property
    def letter_needs(self) -> int:
        """The lists of which a long text must speak near a danger, in bits."""
        return self._mask(self.letter.needs)

    @cached_property
    def _routine(self) -> int:
        """The bits of routine evidence: an idiom tells of no danger, but still of its subject."""
        return self._mask(
            f"{section}.{target}.{rule.id}"
            for section, target, rules in self._sections()
            if section != "kind"
            for rule in rules
            if rule.say
        )

    @cached_property
    def _heads(self) -> dict[str, tuple[_Term, ...]]:
        heads: dict[str, list[_Term]] = {}
        for name, term in self._vocabulary():
            bit = 0 if name is None else self._bit(name)
            for head, compiled in _compile_term(bit, _as_read(term)):
                heads.setdefault(head, []).append(compiled)
        return {head: tuple(terms) for head, terms in heads.items()}

    @cached_property
    def _by_reason(self) -> Mapping[str, CompiledRule]:
        return {
            rule.reason: rule
            for rules in (self.kind_rules, self.area_rules, self.type_rules, self.mark_rules)
            for of_bit in rules.by_trigger.values()
            for rule in of_bit
        }

    def _hits(self, plain: str) -> _Spans:
        """Tell where each list is heard; what only an idiom says is not heard."""
        hits: _Spans = []
        idioms: list[tuple[int, int]] = []
        heads = self._heads
        for at, pair in enumerate(map(str.__add__, plain, f"{plain[1:]}\n")):
            for key in (pair, pair[0]):
                for bit, word, pattern in heads.get(key, ()):
                    if pattern is None:
                        if not plain.startswith(word, at):
                            continue
                        end = at + len(word)
                    else:
                        found = pattern.match(plain, at)
                        if found is None:
                            continue
                        end = found.end()
                    if bit:
                        hits.append((at, end, bit))
                    else:
                        idioms.append((at, end))
        return _audible(hits, idioms, self._routine)

    def _by_trigger(self, rules: Mapping[str, tuple[Rule, ...]], section: str) -> CompiledRules:
        found: dict[int, list[CompiledRule]] = {}
        for target, targeted in rules.items():
            for rule in targeted:
                compiled = self._compile(rule, target, section)
                trigger = compiled.need & -compiled.need
                found.setdefault(trigger, []).append(compiled)
        by_trigger = {trigger: tuple(compiled) for trigger, compiled in found.items()}
        return CompiledRules(sum(by_trigger), by_trigger)

    def _compile(self, rule: Rule, target: str, section: str) -> CompiledRule:
        own = self._bit(f"{section}.{target}.{rule.id}") if rule.say else 0
        return CompiledRule(
            target=target,
            reason=f"{section}.{target}.{rule.id}",
            need=own | self._mask(rule.when),
            but=self._mask(rule.but),
            near=self._mask(rule.near),
            unless=self._mask(rule.unless),
            despite=frozenset(rule.despite),
            weight=rule.weight,
        )

    def _told(self) -> Iterator[tuple[str, str, str]]:
        """List the examples with what they are about: a kind, or a type and area."""
        for kind, told in self.examples.kinds.items():
            yield from (("kind", kind, say) for say in told)
        for type_, areas in self.examples.routine.items():
            for area, told in areas.items():
                yield from (("routine", f"{type_}.{area}", say) for say in told)

    def _sections(self) -> Iterator[tuple[str, str, tuple[Rule, ...]]]:
        for section, targets in (("kind", self.kinds), ("area", self.areas), ("type", self.types)):
            for target, rules in targets.items():
                yield section, target, rules
        yield "mark", "follow_up", self.follow_up
        yield "mark", "urgent", self.urgent

    def _vocabulary(self) -> Iterator[tuple[str | None, str]]:
        """List every term with the name of its list; an idiom has none."""
        for idiom in self.idioms:
            yield None, idiom
        for name, terms in self.words.items():
            yield from ((name, term) for term in terms)
        for name, guard in self.guards.items():
            yield from ((f"guard.{name}", term) for term in guard.say)
        for section, target, rules in self._sections():
            for rule in rules:
                yield from ((f"{section}.{target}.{rule.id}", term) for term in rule.say)

    def _bit(self, name: str) -> int:
        return self._bits.setdefault(name, 1 << len(self._bits))

    def _mask(self, names: Iterable[str]) -> int:
        mask = 0
        for name in names:
            mask |= self._bit(name)
        return mask

    def _bad_terms(self) -> Iterator[str]:
        for name, term in self._vocabulary():
            fault = _term_fault(term)
            if fault:
                yield f"{name or 'idioms'}: {term!r} {fault}"

    def _unknown_words(self) -> Iterator[str]:
        named = [
            (f"guard {name!r}", word) for name, g in self.guards.items() for word in g.lifted_by
        ]
        named += [("letter", word) for word in self.letter.needs]
        for section, target, rules in self._sections():
            for rule in rules:
                where = f"{section} {target}.{rule.id}"
                named += [
                    (where, word) for word in (*rule.when, *rule.but, *rule.near, *rule.unless)
                ]
        yield from (
            f"{where} names unknown words {w!r}" for where, w in named if w not in self.words
        )

    def _rule_faults(self) -> Iterator[str]:
        seen: set[str] = set()
        for section, target, rules in self._sections():
            for rule in rules:
                where = f"{section} {target}.{rule.id}"
                if where in seen:
                    yield f"{where} is there twice"
                seen.add(where)
                if not rule.say and not rule.when:
                    yield f"{where} has neither say nor when"
                for guard in rule.despite:
                    if guard not in self.guards:
                        yield f"{where} names unknown guard {guard!r}"


def normalise(text: str) -> str:
    """Read a text as all words are read (`shared.words`), in one case: a term is written once."""
    return plain(text[:_LONGEST_TEXT]).lower()[:_LONGEST_TEXT]


def read_lexicon(document: object, taxonomy: Taxonomy) -> Lexicon:
    """Read a lexicon for this taxonomy, or say in one ValueError everything wrong with it."""
    lexicon = Lexicon.model_validate(document)
    faults = lexicon.faults_against(taxonomy)
    if faults:
        raise ValueError("; ".join(faults))
    lexicon.learn()
    return lexicon


@cache
def load_sample_lexicon() -> Lexicon:
    """Read the sample group's lexicon, once per process."""
    text = files("shared.policy.sample").joinpath("lexicon.yaml").read_text("utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return read_lexicon(yaml.load(text, Loader=loader), load_sample_taxonomy())  # noqa: S506  # a safe loader, the fast one where there is one


def _log_odds(counts: Mapping[str, int], sizes: Mapping[str, int], subject: str) -> float:
    """Weigh how often a trait is seen with a subject against how often without it."""
    with_it = counts.get(subject, 0)
    size = sizes[subject]
    without_it = sum(counts.values()) - with_it
    rest = sum(sizes.values()) - size
    inside = (with_it + _UNSEEN) / (size + 2 * _UNSEEN)
    return math.log(inside * (rest + 2 * _UNSEEN) / (without_it + _UNSEEN))


def _bits_of(mask: int) -> Iterator[int]:
    while mask:
        bit = mask & -mask
        mask ^= bit
        yield bit


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same places without overlap, in order."""
    apart: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart


def _audible(hits: _Spans, idioms: list[tuple[int, int]], always: int) -> _Spans:
    """Drop what is only part of a longer idiom."""
    if not idioms:
        return hits
    # Of the idioms over a place, the one that ends last and, among those, begins first.
    covered: dict[int, tuple[int, int]] = {}
    for start, end in idioms:
        for at in range(start, end):
            covered[at] = max((end, -start), covered.get(at, (0, 0)))
    return [
        (at, end, bit)
        for at, end, bit in hits
        if bit & always or (end, -at) >= covered.get(at, (0, 0))
    ]


def _as_read(term: str) -> str:
    """A term as the words are read in which it is looked for; its own signs stay."""
    return normalise(term).replace("...", "…")


def _term_fault(term: str) -> str | None:
    """Say what is wrong with a term, if anything is."""
    narrow = unicodedata.normalize("NFKC", term).replace("...", "…").lower()
    said, term = term, _as_read(term)
    if not term or said != narrow:
        return "is empty or not in plain width and lower case"
    if _REFUSED.search(term) or re.search(r"\*(?=[a-z*])", term):
        return "repeats without bound or uses signs that terms do not have"
    try:
        ways = list(_compile_term(0, term))
    except (re.error, ValueError) as error:
        return f"is not a pattern: {error}"
    if any(_META.match(way.text) or way.text.count("…") > _MOST_GAPS for _, way in ways):
        return "begins without a plain character or has too many gaps"
    return None


def _compile_term(bit: int, term: str) -> Iterator[tuple[str, _Term]]:
    """Give each plain beginning of a term with what must follow it."""
    for choice, rest in _leading_choices(term):
        yield from _compile_term(bit, choice + rest)
    if term[0] in "([":
        return
    if not term:
        raise ValueError("an empty choice")
    meta = _META.search(term)
    plain = term[: meta.start()] if meta else term
    if meta and meta.group() in "?|":
        plain = plain[:-1]
    english = term[0].isascii()
    pattern = re.compile(_regex(term, english=english)) if meta or english else None
    yield plain[:2], _Term(bit, term, pattern)


def _leading_choices(term: str) -> Iterator[tuple[str, str]]:
    """Open the group a term begins with, so that every way to say it has a plain beginning."""
    if term.startswith("["):
        end = term.index("]")
        yield from ((letter, term[end + 1 :]) for letter in term[1:end])
    if not term.startswith("("):
        return
    depth, start = 0, 1
    choices = []
    for at, sign in enumerate(term):
        depth += (sign == "(") - (sign == ")")
        if (sign == "|" and depth == 1) or (sign == ")" and depth == 0):
            choices.append(term[start:at])
            start = at + 1
        if depth == 0:
            yield from ((choice, term[start:]) for choice in choices)
            return
    raise re.error("a bracket is not closed")


def _regex(term: str, *, english: bool) -> str:
    gap = f"[^{_CLAUSE_END}{_SENTENCE_END}]{{0,{24 if english else 8}}}?"
    body = term.replace("…", gap).replace("*", "[a-z]{0,12}")
    return f"{_BOUNDARY_BEFORE}(?:{body}){_BOUNDARY_AFTER}" if english else body


def _clauses(plain: str, hits: _Heard) -> Iterator[Clause]:
    """Give the clauses in order, each with what is heard in it and around it."""
    position = sentence = start = 0
    spoken: list[tuple[int, int]] = []
    for end, closes in _ends(plain):
        heard = 0
        while position < len(hits) and hits[position][0] < end:
            heard |= hits[position][1]
            position += 1
        if end > start:
            spoken.append((heard, sentence))
        start = end
        sentence += closes
    for at, (heard, of_sentence) in enumerate(spoken):
        around = 0
        for near, _ in spoken[max(0, at - _NEAR) : at + _NEAR + 1]:
            around |= near
        yield Clause(heard, around, of_sentence)


def _ends(plain: str) -> Iterator[tuple[int, bool]]:
    """Tell where each clause ends and whether its sentence ends with it."""
    start = 0
    for mark in _MARKS.finditer(plain):
        at = mark.start()
        while at - start > _LONGEST_CLAUSE:
            start += _LONGEST_CLAUSE
            yield start, False
        start = mark.end()
        yield start, mark.group()[0] in _SENTENCE_END
    while len(plain) - start > _LONGEST_CLAUSE:
        start += _LONGEST_CLAUSE
        yield start, False
    yield len(plain), True
