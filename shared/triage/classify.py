"""From what a caller says to type, area, urgency and emergency: pure, total, told by rule ids.

The text is read clause by clause. Danger is looked for first: rules of each emergency kind fire in
a clause unless a guard (past, drill, what if, hearsay ...) reaches it, so that a story about last
month does not silence a fire of today. Only where no danger stands do the routine rules decide.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from shared.triage.lexicon import (
    Clause,
    CompiledGuard,
    CompiledRule,
    CompiledRules,
    Lexicon,
    Likeness,
)
from shared.triage.taxonomy import EMERGENCY, NORMAL, UNKNOWN_KIND, Taxonomy

# Evidence that makes a danger certain enough to send people.
_ALARM = 1.0
# How far to trust a danger that no rule but only likeness to examples tells of.
_LIKENESS = 0.6
# What the evidence of rules counts beside likeness, and up to how much of it.
_TOLD_BY_RULES = 2.0
_MOST_TOLD = 2.0
# What likeness to examples counts beside the rules of types and areas.
_TYPE_LIKENESS = 0.8
_AREA_LIKENESS = 0.5
# What says less than this cannot be compared to anything.
_FEWEST_TRAITS = 5
_OTHER = "other"
_INQUIRY = "inquiry"
_COMPLAINT = "complaint"
_REPAIR = "repair"
_URGENT = "urgent"
# A claimed emergency of which nothing tells the kind, under a policy of before, which has no plan
# for that: somebody goes and looks for a person.
_LOOKED_FOR = "trapped_person"

NEEDED_TYPES: Final = (EMERGENCY, _INQUIRY)
NEEDED_AREAS: Final = (_OTHER,)
NEEDED_URGENCIES: Final = (EMERGENCY, _URGENT, NORMAL)
NEEDED_KINDS: Final = (UNKNOWN_KIND,)
"""What a text without any clue is taken for, and what the rules here name by themselves."""

_Fired = dict[str, dict[str, float]]


class Classification(BaseModel):
    """What a report is about; `reasons` are rule ids and never the caller's words. `refers_back`
    says that the caller speaks of what they have reported before, `follow_up` that they ask or
    complain about it.

    `confidence` estimates the chance that type and area are both right, so that a caller can hold
    what is below a limit for a human.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    area: str
    department: str
    urgency: str
    emergency: bool
    emergency_kind: str | None
    confidence: float = Field(ge=0, le=1)
    follow_up: bool
    refers_back: bool = False
    reasons: tuple[str, ...]


def classify(
    text: str,
    taxonomy: Taxonomy,
    lexicon: Lexicon,
    *,
    type_hint: str | None = None,
    area_hint: str | None = None,
    kind_hint: str | None = None,
) -> Classification:
    """Tell what a report is about; total: any text has an answer, a poor one little confidence.

    A danger found in the text wins over all hints. A hint of an emergency is believed unless the
    text speaks of danger only as past, possible, rehearsed or otherwise harmless; its kind is then
    the likeliest one heard, else the hinted one, else that of the hinted area, else unknown. An
    area that is only heard of says where something is, and not which danger. Hints unknown to the
    taxonomy are ignored.
    """
    clauses = lexicon.read(text)
    claimed = type_hint == EMERGENCY
    is_letter = not claimed and len(text) > lexicon.letter.longer_than
    dangers, silenced = _dangers(clauses, lexicon, is_letter=is_letter)
    area_hint = area_hint if area_hint and taxonomy.has_area(area_hint) else None
    kind_hint = kind_hint if kind_hint and taxonomy.has_kind(kind_hint) else None
    traits = _comparable(text, clauses, lexicon)
    danger = _danger(traits, lexicon)
    believed = claimed or danger >= lexicon.examples.harmless_below
    kind = _first_to_deal_with(dangers, taxonomy) if believed else None
    if kind is not None:
        likest = _likest_kind(traits, dangers, lexicon) if traits else kind
        return _heard(likest, dangers, taxonomy)
    if claimed and not silenced:
        return _claimed(dangers, kind_hint, area_hint, taxonomy)
    areas = _fire(clauses, lexicon.area_rules)
    known = type_hint if type_hint and taxonomy.has_type(type_hint) else None
    if known is None and traits and danger >= lexicon.examples.danger_from:
        return _heard(_likest_kind(traits, dangers, lexicon), dangers, taxonomy)
    wanted = None if known == EMERGENCY else known
    return _routine(
        clauses, taxonomy, lexicon, areas, traits, type_hint=wanted, area_hint=area_hint
    )


def dangers_in(text: str, lexicon: Lexicon) -> frozenset[str]:
    """Every kind of danger that rules tell of for certain, not the first to deal with alone."""
    dangers, _ = _dangers(lexicon.read(text), lexicon, is_letter=False)
    return frozenset(kind for kind, told in dangers.items() if sum(told.values()) >= _ALARM)


def decided_danger(kind: str, taxonomy: Taxonomy) -> Classification:
    """What a person says is this kind of emergency; KeyError for a kind that there is not."""
    return _emergency(kind, taxonomy, {"decided": 1.0}, confidence=1.0)


def decided_calm(type: str | None, area: str, taxonomy: Taxonomy) -> Classification:
    """What a person says is no danger after all: soon to be done all the same."""
    chosen = type if type and type != EMERGENCY and taxonomy.has_type(type) else _REPAIR
    return Classification(
        type=chosen,
        area=area,
        department=taxonomy.department_for(chosen, area),
        urgency=_URGENT,
        emergency=False,
        emergency_kind=None,
        confidence=1.0,
        follow_up=False,
        reasons=("decided",),
    )


def _comparable(text: str, clauses: Sequence[Clause], lexicon: Lexicon) -> frozenset[str | int]:
    """Give the traits of a text that may be compared to examples; a letter or a grunt has none."""
    if len(text) > lexicon.letter.longer_than:
        return frozenset()
    traits = lexicon.traits(text, clauses)
    return traits if len(traits) >= _FEWEST_TRAITS else frozenset()


def _danger(traits: frozenset[str | int], lexicon: Lexicon) -> float:
    """Tell how much more a text is like dangers than like routine calls."""
    sides = lexicon.danger_likeness.scores(traits)
    return sides["danger"] - sides["routine"] if len(sides) > 1 else 0.0


def _likest_kind(traits: frozenset[str | int], dangers: _Fired, lexicon: Lexicon) -> str:
    """Name the kind of danger whose examples, and rules, speak most for it."""
    kinds = lexicon.kind_likeness.scores(traits)
    for kind, evidence in dangers.items():
        told = min(sum(evidence.values()), _MOST_TOLD)
        kinds[kind] = kinds.get(kind, 0.0) + _TOLD_BY_RULES * told
    return min(kinds, key=lambda kind: (-kinds[kind], kind))


def _dangers(
    clauses: Sequence[Clause], lexicon: Lexicon, *, is_letter: bool
) -> tuple[_Fired, bool]:
    """Collect the evidence of each danger, and tell whether a guard silenced any."""
    guards = _guards(clauses, lexicon.compiled_guards)
    fired: _Fired = {}
    silenced = False
    for at, rule in _matches(clauses, lexicon.kind_rules):
        if not guards[at] <= rule.despite:
            silenced = silenced or rule.weight >= _ALARM
        elif not is_letter or clauses[at].around & lexicon.letter_needs:
            fired.setdefault(rule.target, {})[rule.reason] = rule.weight
    return fired, silenced


def _guards(clauses: Sequence[Clause], guards: Sequence[CompiledGuard]) -> list[frozenset[str]]:
    """Name the guards that reach each clause."""
    reached: list[set[str]] = [set() for _ in clauses]
    heard = 0
    for clause in clauses:
        heard |= clause.heard
    for guard in guards:
        if heard & guard.heard:
            for at in _reach(clauses, guard):
                reached[at].add(guard.name)
    return [frozenset(names) for names in reached]


def _reach(clauses: Sequence[Clause], guard: CompiledGuard) -> list[int]:
    """Tell which clauses a guard reaches.

    A clause that lifts it is never reached; onward, lifting lasts for the rest of the sentence.
    """
    speaking = {at for at, clause in enumerate(clauses) if clause.heard & guard.heard}
    if guard.reach == "text":
        within = set(range(len(clauses)))
    elif guard.reach == "sentence":
        sentences = {clauses[at].sentence for at in speaking}
        within = {at for at, clause in enumerate(clauses) if clause.sentence in sentences}
    elif guard.reach == "onward":
        within = _onward(clauses, speaking, guard)
    else:
        within = speaking
    return [at for at in within if not clauses[at].heard & guard.lifted_by]


def _onward(clauses: Sequence[Clause], speaking: set[int], guard: CompiledGuard) -> set[int]:
    reached: set[int] = set()
    sentence = -1
    for at, clause in enumerate(clauses):
        if clause.heard & guard.lifted_by:
            sentence = -1
        elif at in speaking:
            sentence = clause.sentence
        if clause.sentence == sentence:
            reached.add(at)
    return reached


def _matches(clauses: Sequence[Clause], rules: CompiledRules) -> Iterator[tuple[int, CompiledRule]]:
    """Give every rule that holds with its clause; what is said again is not tried again."""
    known: dict[tuple[int, int], list[CompiledRule]] = {}
    for at, (heard, around, _) in enumerate(clauses):
        found = known.get((heard, around))
        if found is None:
            found = known[heard, around] = _matching(heard, around, rules)
        for rule in found:
            yield at, rule


def _matching(heard: int, around: int, rules: CompiledRules) -> list[CompiledRule]:
    """Give the rules that hold in a clause with these neighbours."""
    left = heard & rules.triggers
    found = []
    while left:
        bit = left & -left
        left ^= bit
        found += [
            rule
            for rule in rules.by_trigger[bit]
            if heard & rule.need == rule.need
            and not heard & rule.but
            and around & rule.near == rule.near
            and not around & rule.unless
        ]
    return found


def _fire(clauses: Sequence[Clause], rules: CompiledRules) -> _Fired:
    """Collect the evidence for each target; saying a thing twice is no more evidence."""
    fired: _Fired = {}
    for _, rule in _matches(clauses, rules):
        fired.setdefault(rule.target, {})[rule.reason] = rule.weight
    return fired


def _first_to_deal_with(dangers: _Fired, taxonomy: Taxonomy) -> str | None:
    """Pick the danger to fight first among those certain enough."""
    certain = {kind for kind, rules in dangers.items() if sum(rules.values()) >= _ALARM}
    return next((kind.id for kind in taxonomy.emergency_kinds if kind.id in certain), None)


def _heard(kind: str, dangers: _Fired, taxonomy: Taxonomy) -> Classification:
    """Answer with a danger that rules tell of, or that is only like the examples of its kind."""
    evidence = dangers.get(kind, {})
    certain = sum(evidence.values()) >= _ALARM
    return _emergency(
        kind,
        taxonomy,
        evidence if certain else {**evidence, f"example.{kind}": 1.0},
        confidence=_sure(evidence) if certain else _LIKENESS,
    )


def _sure(evidence: Mapping[str, float]) -> float:
    return round(1 - 0.12 / max(1.0, sum(evidence.values())), 3)


def _emergency(
    kind_id: str, taxonomy: Taxonomy, evidence: Mapping[str, float], *, confidence: float
) -> Classification:
    kind = taxonomy.kind(kind_id)
    return Classification(
        type=EMERGENCY,
        area=kind.area,
        department=kind.department,
        urgency=EMERGENCY,
        emergency=True,
        emergency_kind=kind.id,
        confidence=confidence,
        follow_up=False,
        reasons=tuple(evidence),
    )


def _claimed(
    dangers: _Fired, kind_hint: str | None, area_hint: str | None, taxonomy: Taxonomy
) -> Classification:
    """Believe a publisher who says emergency, and choose the likeliest kind."""
    heard = max(dangers, key=lambda kind: sum(dangers[kind].values()), default=None)
    of_area = (kind.id for kind in taxonomy.emergency_kinds if kind.area == area_hint)
    kind = heard or kind_hint or next(of_area, unknown_kind(taxonomy))
    evidence = {"hint.emergency": 1.0, **dangers.get(kind, {})}
    return _emergency(kind, taxonomy, evidence, confidence=0.6 if heard or kind_hint else 0.4)


def unknown_kind(taxonomy: Taxonomy) -> str:
    """The kind of a danger of which nobody has said what it is."""
    last = taxonomy.emergency_kinds[0].id
    return next((kind for kind in (UNKNOWN_KIND, _LOOKED_FOR) if taxonomy.has_kind(kind)), last)


def _routine(
    clauses: Sequence[Clause],
    taxonomy: Taxonomy,
    lexicon: Lexicon,
    areas: _Fired,
    traits: frozenset[str | int],
    *,
    type_hint: str | None,
    area_hint: str | None,
) -> Classification:
    types = _fire(clauses, lexicon.type_rules)
    marks = _fire(clauses, lexicon.mark_rules)
    _add_likeness(types, lexicon.type_likeness, traits, weight=_TYPE_LIKENESS)
    if _best(areas) is None:
        _add_likeness(areas, lexicon.area_likeness, traits, weight=_AREA_LIKENESS)
    area = area_hint or _best(areas) or _OTHER
    for leaning, weight in lexicon.leanings.get(area, {}).items():
        types.setdefault(leaning, {})[f"leaning.{area}.{leaning}"] = weight
    chosen = type_hint or _best(types) or _INQUIRY
    urgent = chosen == _REPAIR and _total(marks, _URGENT) >= 1
    refers_back = _total(marks, "follow_up") >= 1
    return Classification(
        type=chosen,
        area=area,
        department=taxonomy.department_for(chosen, area),
        urgency=_URGENT if urgent else NORMAL,
        emergency=False,
        emergency_kind=None,
        confidence=round(
            (1.0 if area_hint else _margin(areas)) * (1.0 if type_hint else _margin(types)), 3
        ),
        follow_up=refers_back and chosen in (_INQUIRY, _COMPLAINT),
        refers_back=refers_back,
        reasons=(
            *types.get(chosen, {}),
            *areas.get(area, {}),
            *(reason for rules in marks.values() for reason in rules),
        ),
    )


def _add_likeness(
    fired: _Fired, likeness: Likeness, traits: frozenset[str | int], *, weight: float
) -> None:
    """Let examples speak for a target beside its rules."""
    if traits:
        for target, score in likeness.scores(traits).items():
            if score > 0:
                fired.setdefault(target, {})[f"example.{target}"] = score * weight


def _total(fired: _Fired, target: str) -> float:
    return sum(fired.get(target, {}).values())


def _best(fired: _Fired) -> str | None:
    """Pick the target with the most evidence; ties go to the lower id, to be reproducible."""
    scores = [(-sum(rules.values()), target) for target, rules in fired.items()]
    least, target = min(scores, default=(0.0, ""))
    return target if least < 0 else None


def _margin(fired: _Fired) -> float:
    """Turn the lead of the best target over the next into a chance of being right."""
    scores = sorted((_total(fired, target) for target in fired), reverse=True)
    best, second = (*scores, 0.0, 0.0)[:2]
    if best <= 0:
        return 0.3
    return 0.5 + 0.5 * (best - max(second, 0.0)) / (best + 1.0)
