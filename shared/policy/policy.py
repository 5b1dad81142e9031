"""The policy as one value: every document in force at a moment, with the version it came from."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidatorFunctionWrapHandler, WrapValidator

from shared.policy.calendar import Calendar
from shared.policy.lexicon import Lexicon
from shared.policy.taxonomy import Limit, Taxonomy
from shared.policy.templates import Templates
from shared.policy.yaml import read_yaml

KINDS: Final = ("group", "taxonomy", "lexicon", "calendar", "rules", "templates")
"""The documents a policy is made of."""


class Estate(BaseModel):
    """One estate (小区) and the names people call it by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()


class Group(BaseModel):
    """The property group and its estates."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    zh: str
    en: str
    estates: tuple[Estate, ...]

    @cached_property
    def _by_name(self) -> Mapping[str, Estate]:
        names = {}
        for estate in self.estates:
            for name in (estate.id, estate.zh, estate.en, *estate.aliases):
                names[name.casefold()] = estate
        return names

    def find_estate(self, *names: str | None) -> Estate | None:
        """The estate that one of `names` is or (for an address) mentions; None when unclear."""
        for name in names:
            if name and (exact := self._by_name.get(name.strip().casefold())):
                return exact
        for name in names:
            text = (name or "").casefold()
            found = {estate.id: estate for known, estate in self._by_name.items() if known in text}
            if len(found) == 1:
                return next(iter(found.values()))
        return None


class Rules(BaseModel):
    """Numbers of the lifecycle that a group sets for itself (see `sample/rules.yaml`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hold_below_confidence: float = Field(ge=0, le=1)
    undecided_limit: Limit
    warn_at_share: float = Field(gt=0, lt=1)
    reopen_within: timedelta
    feedback_attempts: int = Field(ge=1)
    decline_limit: int = Field(ge=1)
    acknowledge_within: timedelta
    dissatisfied_up_to: int = Field(ge=0, le=4)
    desk_numbers: tuple[str, ...]


def _checked_before(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """What is a value already was checked when it was made; checking a lexicon takes a while."""
    return value if isinstance(value, Lexicon | Templates) else check(value)


class Policy(BaseModel):
    """All that is in force, under one version name that tickets keep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    group: Group
    taxonomy: Taxonomy
    lexicon: Annotated[Lexicon, WrapValidator(_checked_before)]
    calendar: Calendar
    rules: Rules
    templates: Annotated[Templates, WrapValidator(_checked_before)]


def sample_documents() -> dict[str, dict[str, Any]]:
    """The documents of the sample group, by kind."""
    folder = files("shared.policy.sample")
    return {kind: read_yaml(folder.joinpath(f"{kind}.yaml").read_text("utf-8")) for kind in KINDS}


def load_documents(overlay: Path | None = None) -> dict[str, dict[str, Any]]:
    """The sample documents, with those parts replaced that the YAML file `overlay` names.

    The overlay holds `<kind>: {…}`, merged into the sample: mappings by key, lists by `id`.
    """
    documents = sample_documents()
    if overlay is None:
        return documents
    changes = read_yaml(overlay.read_text("utf-8")) or {}
    if not isinstance(changes, dict):
        raise ValueError(f"{overlay}: is not a mapping of kinds; known are {list(KINDS)}")  # noqa: TRY004 - a fault of the file, not of the program
    if unknown := set(changes) - set(KINDS):
        raise ValueError(f"{overlay}: unknown kinds {sorted(unknown)}; known are {list(KINDS)}")
    return {kind: _merged(documents[kind], changes.get(kind, {})) for kind in KINDS}


def _merged(base: Any, change: Any) -> Any:
    """Mappings are merged, lists of things with an id are merged by it, the rest is replaced."""
    if _has_ids(base) and _has_ids(change):
        known = {item["id"]: item for item in base}
        merged = {item["id"]: _merged(known.get(item["id"]), item) for item in change}
        return list((known | merged).values())
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return change
    return base | {key: _merged(base.get(key), value) for key, value in change.items()}


def _has_ids(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, dict) and "id" in v for v in value)


def build_policy(version: str, documents: Mapping[str, Any]) -> Policy:
    """Read the documents; raises ValueError naming every fault."""
    given = {kind: documents[kind] for kind in KINDS if kind in documents}
    for kind, read in (("lexicon", _lexicon), ("templates", _templates)):
        with suppress(KeyError, ValueError, TypeError):  # faults are named below, all at once
            given[kind] = read(orjson.dumps(given[kind], option=orjson.OPT_SORT_KEYS))
    return Policy(version=version, **given)


# Most versions share these with the one before, and reading them takes a while.
@lru_cache(maxsize=4)
def _lexicon(content: bytes) -> Lexicon:
    return Lexicon.model_validate(orjson.loads(content))


@lru_cache(maxsize=4)
def _templates(content: bytes) -> Templates:
    return Templates.model_validate(orjson.loads(content))
