"""What somebody is called whom nobody knows by name: a system, an operator, a rule. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.codes import name_of, names
from shared.policy.templates import Language

_SAID: Final[Mapping[str, Mapping[Language, str]]] = {
    "service": {"zh": "系统", "en": "The system"},
    "system": {"zh": "系统 {}", "en": "system {}"},
    "operator": {"zh": "运维", "en": "the operator"},
    "unnamed": {"zh": "未具名的来源", "en": "an unnamed source"},
}
ROLES: Final = "roles"


def called(id: str, language: Language) -> str:
    """By what an id stands for: one of our services, a system by its name, who keeps the hotline
    running, a role that acted by a token of its own; of anybody else the id.
    """
    kind, _, name = id.partition(":")
    if kind in _SAID and (name or kind == "unnamed"):
        return _SAID[kind][language].format(name)
    return name_of(ROLES, id, language) if id in names(ROLES) else id
